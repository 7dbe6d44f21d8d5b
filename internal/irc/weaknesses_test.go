package irc

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// weaknesses are what goes wrong with girc v1.1.1 when it is used as it is, each
// with the tests that fail when it goes wrong with us. Tests with a path run
// against real daemons.
const weaknesses = `
girc tears long words and URLs, and counts runes where servers count bytes   TestSplit TestSplitLosesNothing TestTextOfAnyLengthArrivesWhole TestLongTextIsSaidInLines test/real/ircd:TestSaysAndAnswers test/real/ircd:TestFullLines
it believes LINELEN=512 and sends more than arrives                          TestTextOfAnyLengthArrivesWhole TestRoomCountsTheWorstCase test/real/ircd:TestFullLines
its limiter blocks the caller, and knows no daemon's limits                  TestThirtyLinesArePaced TestOneLineInFlight TestDroppedAsFlood test/real/ircd:TestThirtyLinesAreNoFlood test/real/ircd:TestBurstsAreNoFlood
a message while disconnected is lost without a word                         TestSayWhileNotConnected TestSayWhileNotInChannel TestUnconfirmed
one that was queued comes before NICK on the next connection                 TestNothingLeaksIntoTheNextConnection
handlers that send while the socket dies hold Connect for half an hour       TestDeadPeerNeverHangs TestLineInFlightIsProvenWhileStopping
no write has a deadline                                                      TestDeadPeerNeverHangs
lines without a source or too short make it panic with its lock held         TestHostileLines FuzzLinesIn
SASL refused: it goes on unauthenticated                                     TestSASLRefusedIsNeverIgnored TestSASLComesBackWhenTheServerRelents test/real/ircd:TestSASLWithoutServices
a SASL response over 400 bytes loses one                                     TestSASLPlain TestSASLChunks
a nick that is taken makes it loop, or is never regained                     TestNickCollision TestNickRegainedWhenItsHolderLeaves TestAllNicksTakenIsNoLoop TestNoFightForTheNick test/real/ircd:TestNickTakenAndRegained
it remembers accounts that are no longer true                                TestAccountIsTrustedOnlyWhenNegotiated TestCommandsFromChannelAndPrivate
a black hole is noticed late, or never while registering                     TestBlackHoleIsNoticed TestSilentWhileRegistering TestDefaultPaceNoticesABlackHoleInTwoMinutes test/real/ircd:TestAnnouncementsThroughSilence test/real/ircd:TestAnnouncementsThroughSIGSTOP
it answers CTCP, so a stranger can make it speak                             TestMachinesAreNotAnswered TestHostileLines
netsplits, kicks, bans, forwards are nobody's business                       TestNetsplit TestCollisionAfterNetsplit TestRejoinsAfterKick TestKickBackoffDoubles TestBannedFromTheServer TestBanIsLoggedOnce TestForwardedChannelIsLeft test/real/ircd:TestForwardedChannel test/real/ircd:TestBannedThenInvited
it knows one server                                                          TestServersInOrder TestAfterAStableConnectionTheFirstServerComesFirst
`

// TestEveryWeaknessHasItsTests: the tests that the table names are there.
func TestEveryWeaknessHasItsTests(t *testing.T) {
	have := map[string][]string{}
	for _, line := range strings.Split(strings.TrimSpace(weaknesses), "\n") {
		words := strings.Fields(line)
		tests := slices.IndexFunc(words, func(w string) bool {
			_, name := where(w)
			return strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz")
		})
		if tests < 3 {
			t.Errorf("no tests in %q", line)
			continue
		}
		for _, word := range words[tests:] {
			dir, name := where(word)
			if have[dir] == nil {
				have[dir] = testsIn(t, dir)
			}
			if !slices.Contains(have[dir], name) {
				t.Errorf("%s is not in %s: %s", name, dir, line)
			}
		}
	}
}

// where splits a test's path, from the module's root, and name.
func where(word string) (dir, name string) {
	if path, name, ok := strings.Cut(word, ":"); ok {
		return "../../" + path, name
	}
	return ".", word
}

// testsIn are the names of the functions in a folder's tests, whatever their
// build tags.
func testsIn(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", dir, len(files), err)
	}
	var names []string
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range f.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil {
				names = append(names, fn.Name.Name)
			}
		}
	}
	return names
}
