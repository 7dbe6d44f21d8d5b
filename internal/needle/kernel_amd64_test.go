package needle

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestEveryKindOfMachineFindsTheSame: one with tables, one with vectors alone,
// one with neither; what is not there is not tried.
func TestEveryKindOfMachineFindsTheSame(t *testing.T) {
	hasTables, hasVectors := tables, vectors
	defer func() { tables, vectors = hasTables, hasVectors }()
	for _, kind := range []struct{ tables, vectors bool }{{true, true}, {false, true}, {false, false}} {
		if kind.tables && !hasTables || kind.vectors && !hasVectors {
			t.Logf("not on this machine: %+v", kind)
			continue
		}
		t.Run(fmt.Sprintf("%+v", kind), func(t *testing.T) {
			tables, vectors = kind.tables, kind.vectors
			TestFindIsWhatThePlainWayFinds(t)
			TestVectorsAgreeWithThePlainKernels(t)
			TestIndex(t)
			TestWordsFindsWhatIsPromised(t)
			TestCutsAgree(t)
		})
	}
}

// TestSiftOfVectorsAloneLosesNothing: it may only let in more.
func TestSiftOfVectorsAloneLosesNothing(t *testing.T) {
	if !vectors {
		t.Skip("this machine lacks AVX2 or BMI2")
	}
	r := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		texts, td := randomTeddy(r)
		text := random(r, 512+windowLen)
		want, got := make([]uint64, 512/64), make([]uint64, 512/64)
		siftPlain(text[:512], td, 0, want)
		siftAVX2(&text[0], &td.halves[0].low[0], &got[0], len(got))
		for w := range want[:len(want)-1] { // the last one knows nothing of what is behind it
			if want[w]&^got[w] != 0 {
				t.Fatalf("%q in %q: %x, plainly %x", texts, text, got, want)
			}
		}
	}
}
