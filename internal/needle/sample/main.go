// Sample counts the grams of the logs in a folder (.gz too) and writes the
// table by which package needle knows what is rare:
//
//	go run ./internal/needle/sample DIR > internal/needle/rarity.bin
package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// The table's form is package needle's: by the top bits of a gram's hash,
// 8 log2 of how many there are in 10^9.
const (
	bits = 15
	mul  = 0x9e3779b1
	fold = 0x20202020
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	if len(args) != 1 {
		fmt.Fprintln(os.Stderr, "usage: sample DIR")
		return 2
	}
	counts, total := make([]float64, 1<<bits), 0.0
	files, err := filepath.Glob(filepath.Join(args[0], "*"))
	for _, f := range files {
		text, e := read(f)
		if err = e; err != nil {
			break
		}
		total += count(text, counts)
	}
	if err == nil {
		_, err = os.Stdout.Write(table(counts, total))
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

func count(text []byte, counts []float64) (total float64) {
	gram := uint32(0)
	for i, c := range text {
		gram = gram>>8 | uint32(c|fold&0xff)<<24
		if i >= 3 {
			counts[gram*mul>>(32-bits)]++
			total++
		}
	}
	return total
}

func table(counts []float64, total float64) []byte {
	out := make([]byte, len(counts))
	for i, n := range counts {
		out[i] = byte(8 * math.Log2(1+n/total*1e9))
	}
	return out
}
