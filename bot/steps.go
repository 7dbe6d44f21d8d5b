package bot

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/recheckbot/recheckbot/handlers"
	"github.com/recheckbot/recheckbot/internal/config"
	"github.com/recheckbot/recheckbot/internal/irc"
	"github.com/recheckbot/recheckbot/internal/zuul"
)

// wakes are the bells of the steps.
type wakes struct {
	ingest, catchup, lookup, classify, compose, announce, gerrit, irc, ircState, titles handlers.Wake
}

func newWakes() wakes {
	n := handlers.NewWake
	return wakes{n(), n(), n(), n(), n(), n(), n(), n(), n(), n()}
}

// heard are those who work on what was ingested or found by catching up.
func (w wakes) heard() []handlers.Wake {
	return []handlers.Wake{w.lookup, w.classify, w.compose, w.announce, w.gerrit, w.titles}
}

// said are those who deliver.
func (w wakes) said() []handlers.Wake { return []handlers.Wake{w.gerrit, w.irc} }

// makeSteps makes every step of the flow, in its order, and what feeds it.
func (b *Bot) makeSteps(wording *handlers.Wording) []step {
	offset := handlers.NewOffset(b.o.Now, b.o.Mono)
	b.sink = handlers.NewSink(handlers.SinkOptions{
		Store: b.store, Logger: b.log, Now: b.o.Now, Ingest: b.wakes.ingest, Catchup: b.wakes.catchup,
	})
	b.deafness, b.breaker = b.deaf(offset), b.limits()
	catchup := b.catchup(offset)
	steps := []step{
		{"gerrit stream", func(ctx context.Context) error {
			return b.gerrit.Stream(handlers.Watched(ctx, "gerrit stream"), b.sink)
		}},
		{"fingerprints", b.sets.watch},
		{"ingest", b.ingest(offset).Run},
		{"catch up", catchup.Run},
		{"look up", b.lookup().Run},
		{"classify", b.classify().Run},
		{"compose", b.compose(wording).Run},
		{"announce", b.announce(catchup.Busy).Run},
		{"deliver to gerrit", b.deliverGerrit().Run},
		{"titles", b.titles().Run},
		{"breaker", b.breaker.Run},
		{"clock", b.clock().Run},
		{"deafness", b.deafness.Run},
		{"keep", b.keep().Run},
	}
	if b.cfg.Logs.Early && len(b.zuuls) > 0 {
		steps = append(steps, step{"early", b.early().Run})
	}
	if b.irc != nil {
		steps = append(steps, step{"irc", b.irc.Run}, step{"deliver to irc", b.deliverIRC().Run}, step{"watch irc", b.watchIRC().Run})
	}
	return steps
}

func (b *Bot) ingest(offset *handlers.Offset) *handlers.Ingest {
	return handlers.NewIngest(handlers.IngestOptions{
		Store: b.store, Rules: Rules(b.cfg), Offset: offset, Sink: b.sink, Logger: b.log, Now: b.o.Now,
		Wake: b.wakes.ingest, Next: b.wakes.heard(), Catchup: b.wakes.catchup,
	})
}

func (b *Bot) catchup(offset *handlers.Offset) *handlers.Catchup {
	return handlers.NewCatchup(handlers.CatchupOptions{
		Gerrit: b.gerrit, Store: b.store, Rules: Rules(b.cfg), Offset: offset, Tags: b.cfg.Gerrit.HTTPURL != "",
		Logger: b.log, Now: b.o.Now, Wake: b.wakes.catchup, Next: b.wakes.heard(),
	})
}

func (b *Bot) lookup() *handlers.Lookup {
	apis := map[string]handlers.Zuul{}
	for name, api := range b.zuuls {
		apis[name] = api
	}
	return handlers.NewLookup(handlers.LookupOptions{
		Store: b.store, APIs: apis, Deadlines: deadlines(b.cfg), Logger: b.log, Now: b.o.Now,
		Wake: b.wakes.lookup, Next: []handlers.Wake{b.wakes.classify, b.wakes.compose},
	})
}

func (b *Bot) early() *handlers.Early {
	apis := map[string]handlers.Failures{}
	for name, api := range b.zuuls {
		apis[name] = api
	}
	return handlers.NewEarly(handlers.EarlyOptions{
		Store: b.store, APIs: apis, Every: b.cfg.Logs.EarlyEvery.Duration, Logger: b.log, Now: b.o.Now,
		Next: []handlers.Wake{b.wakes.classify},
	})
}

// newZuuls are the APIs of the CIs that have one. Each is one client, so that
// all who ask it keep its pace together.
func newZuuls(cfg config.Config, log *slog.Logger) map[string]*zuul.Client {
	apis := map[string]*zuul.Client{}
	for _, c := range cfg.CI {
		if c.Zuul != "" {
			apis[c.Name] = zuul.New(zuul.Options{
				Root: c.Zuul, Tenant: c.Tenant, Every: c.Every.Duration, Contact: cfg.Logs.Contact, Logger: log,
			})
		}
	}
	return apis
}

func (b *Bot) classify() *handlers.Classify {
	return handlers.NewClassify(handlers.ClassifyOptions{
		Store: b.store, Sets: b.sets.current, Logs: b.logs.of, Deadlines: deadlines(b.cfg), ReportAfter: b.cfg.Report.After.Duration,
		Workers: b.cfg.Logs.Workers, Logger: b.log, Now: b.o.Now,
		Wake: b.wakes.classify, Next: []handlers.Wake{b.wakes.compose},
	})
}

func (b *Bot) compose(wording *handlers.Wording) *handlers.Compose {
	return handlers.NewCompose(handlers.ComposeOptions{
		Store: b.store, Changes: b.asker, Wording: wording, Redactor: handlers.NewRedactor(b.cfg.Report.Redact),
		Excerpt: b.cfg.Report.Excerpt, Silence: silence(b.cfg), Mode: handlers.Mode(b.cfg.Report.Mode),
		Notify: b.cfg.Report.Notify, Channels: channels(b.cfg), GerritURL: b.cfg.Gerrit.URL,
		BugURL: b.tracker.URL, Sets: b.sets.current, Logger: b.log, Now: b.o.Now,
		Wake: b.wakes.compose, Next: b.wakes.said(),
	})
}

// burstQuiet is how long nobody names a bug before it is announced: of a burst
// the channel hears once, and of the first recheck soon.
const burstQuiet = 3 * time.Second

func (b *Bot) announce(busy func() bool) *handlers.Announce {
	var accounts handlers.AccountAsker
	if b.cfg.Gerrit.HTTPURL != "" { // SSH does not tell of accounts
		accounts = b.asker
	}
	return handlers.NewAnnounce(handlers.AnnounceOptions{
		Store: b.store, Accounts: accounts, Steps: b.cfg.IRC.AnnounceSteps, Fresh: b.cfg.IRC.Fresh.Duration, Quiet: burstQuiet, Busy: busy, Channels: channels(b.cfg),
		BugURL: b.tracker.URL, Logger: b.log, Now: b.o.Now, Wake: b.wakes.announce, Next: b.wakes.said(),
	})
}

func (b *Bot) deliverGerrit() *handlers.DeliverGerrit {
	return handlers.NewDeliverGerrit(handlers.DeliverGerritOptions{
		Store: b.store, Gerrit: b.gerrit, Rules: Rules(b.cfg), Breaker: b.breaker, Still: b.still(),
		Mode: handlers.Mode(b.cfg.Report.Mode), Logger: b.log, Now: b.o.Now, Wake: b.wakes.gerrit,
	})
}

func (b *Bot) deliverIRC() *handlers.DeliverIRC {
	return handlers.NewDeliverIRC(handlers.DeliverIRCOptions{
		Store: b.store, Mutes: b.store, IRC: b.irc, Breaker: b.breaker, Still: b.still(), Mode: handlers.Mode(b.cfg.Report.Mode),
		Repeat: b.cfg.IRC.Repeat, Logger: b.log, Now: b.o.Now, Wake: b.wakes.irc,
	})
}

// still looks for one of those who deliver whether what was composed may still
// be said.
func (b *Bot) still() *handlers.Still {
	return handlers.NewStill(handlers.StillOptions{Store: b.store, Changes: b.asker, Silence: silence(b.cfg), Now: b.o.Now})
}

func (b *Bot) watchIRC() *handlers.IRCWatch {
	return handlers.NewIRCWatch(handlers.IRCWatchOptions{
		IRC: b.irc, Alarms: b.alarms, Logger: b.log, Now: b.o.Now, Wake: b.wakes.ircState,
	})
}

func (b *Bot) clock() *handlers.Clock {
	return handlers.NewClock(handlers.ClockOptions{
		Store: b.store, Logger: b.log, Now: b.o.Now, Mono: b.o.Mono, Next: append(b.wakes.heard(), b.wakes.irc),
	})
}

// limits are the bot's limits against itself.
func (b *Bot) limits() *handlers.Breaker {
	l := b.cfg.Limits
	return handlers.NewBreaker(handlers.BreakerOptions{
		Store: b.store, Alarms: b.alarms, Reviews: l.Reviews, Lines: l.Announcements, Percent: l.FingerprintPercent,
		Logger: b.log, Now: b.o.Now, Next: b.wakes.said(),
	})
}

func (b *Bot) deaf(offset *handlers.Offset) *handlers.Deaf {
	return handlers.NewDeaf(handlers.DeafOptions{
		Gerrit: b.gerrit, Store: b.store, Alarms: b.alarms, Offset: offset, Logger: b.log, Now: b.o.Now, Catchup: b.wakes.catchup,
	})
}

func (b *Bot) keep() *handlers.Keep {
	s := b.cfg.Store
	return handlers.NewKeep(handlers.KeepOptions{
		Store: b.store, Alarms: b.alarms, Raw: s.Lines.Duration, Bodies: s.Texts.Duration, Excerpts: s.Excerpts.Duration,
		MinFree: int64(s.MinFree), Logger: b.log, Now: b.o.Now,
	})
}

func (b *Bot) titles() *handlers.Titles {
	return handlers.NewTitles(handlers.TitlesOptions{
		Store: b.store, Tracker: b.tracker,
		Logger: b.log, Now: b.o.Now, Wake: b.wakes.titles,
	})
}

// onCommand answers what people ask on IRC.
func (b *Bot) onCommand() func(context.Context, irc.Command) {
	commands := handlers.NewCommands(handlers.CommandsOptions{
		Answers: Answers(b.cfg, b.store, b.o.Version, b.o.Now), Say: b.store, Mutes: b.store, Resume: b.store,
		Session: strconv.FormatInt(b.o.Now().UnixNano(), 36),
		Every:   b.cfg.IRC.CommandEvery.Duration, Burst: b.cfg.IRC.CommandBurst, Ignore: globs(b.cfg.IRC.Ignore),
		Split: func(target, text string) []string { return irc.Split(irc.Clean(text), b.irc.Room(target)) },
		Sent:  b.wakes.irc, Logger: b.log,
	})
	return commands.Handle
}
