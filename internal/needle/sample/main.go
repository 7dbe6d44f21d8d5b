// Sample counts the grams and words of the logs in a folder (.gz too) and writes
// the tables by which package needle knows what is rare:
//
//	go run ./internal/needle/sample DIR > internal/needle/rarity.bin
package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// The tables' form is package needle's: by the top bits of a hash, 8 log2 of
// how many there are in 10^9, and nothing of what is rarer than a millionth.
// The first table is of grams, the second of words, the third of single bytes.
const (
	bits  = 16
	mul   = 0x9e3779b1
	fold  = 0x20202020
	least = 1e-6
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	if len(args) != 1 {
		fmt.Fprintln(os.Stderr, "usage: sample DIR")
		return 2
	}
	c := counts{grams: map[uint32]float64{}, words: map[uint32]float64{}}
	files, err := filepath.Glob(filepath.Join(args[0], "*"))
	for _, f := range files {
		text, e := read(f)
		if err = e; err != nil {
			break
		}
		c.count(text)
	}
	if err == nil {
		_, err = os.Stdout.Write(slices.Concat(c.table(c.grams, mul), c.table(c.words, 1), c.singles()))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "sample:", err)
		return 1
	}
	return 0
}

func read(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if !strings.HasSuffix(name, ".gz") {
		return io.ReadAll(f)
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// counts are what the logs hold: grams, words by their hash, and folded bytes.
type counts struct {
	grams, words map[uint32]float64
	bytes        [128]float64
	total        float64
}

func (c *counts) count(text []byte) {
	gram, word := uint32(0), uint32(0)
	for i, b := range text {
		c.bytes[(b|fold&0xff)&0x7f]++
		gram = gram>>8 | uint32(b|fold&0xff)<<24
		if i >= 3 {
			c.grams[gram]++
		}
		if b == '_' || '0' <= b && b <= '9' || 'a' <= b|0x20 && b|0x20 <= 'z' {
			word = (word + uint32(b|fold&0xff)) * mul
			continue
		}
		if word != 0 {
			c.words[word]++
		}
		word = 0
	}
	c.total += float64(len(text))
}

func (c *counts) table(list map[uint32]float64, mul uint32) []byte {
	out := make([]byte, 1<<bits)
	for key, n := range list {
		if n/c.total >= least {
			i := key * mul >> (32 - bits)
			out[i] = max(out[i], scaled(n/c.total))
		}
	}
	return out
}

func (c *counts) singles() []byte {
	out := make([]byte, len(c.bytes))
	for i, n := range c.bytes {
		if n/c.total >= least {
			out[i] = scaled(n / c.total)
		}
	}
	return out
}

func scaled(share float64) byte { return byte(8 * math.Log2(share*1e9)) }
