package gerritstream

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
)

// TestRows: however the answer is cut into packets; a line that is too long is
// told of by its number and does not stop the others, nor does a field of a type
// that is not foreseen; a cut answer is one.
func TestRows(t *testing.T) {
	long := fmt.Sprintf(`{"project":"p","number":77,"comments":[{"message":%q}]}`, bytes.Repeat([]byte("x"), maxRow))
	answer := []byte("{\"number\":1,\"private\":\"no\"}\n" + long + "\n{\"number\":2}\n\n{\"type\":\"stats\",\"moreChanges\":true}\n")
	for _, size := range []int{1, 7, 32 << 10, len(answer)} {
		if size == 1 {
			answer = bytes.Replace(answer, []byte(long), []byte(`{"number":3}`), 1) // or it takes too long
		}
		var got []int64
		w := &rowWriter{alive: func() {}, refused: make(chan error, 1), f: func(r Row, bad error) error {
			if l, ok := errors.AsType[*TooLongError](bad); ok {
				got = append(got, -l.Change)
				return nil
			}
			c, err := r.Change()
			got = append(got, c.Number)
			return err
		}}
		for part := range chunks(answer, size) {
			if n, err := w.Write(part); n != len(part) || err != nil {
				t.Fatal(n, err)
			}
		}
		want := "[1 -77 2]"
		if size == 1 {
			want = "[1 3 2]"
			answer = bytes.Replace(answer, []byte(`{"number":3}`), []byte(long), 1)
		}
		if err := w.end(""); err != nil || !w.more || fmt.Sprint(got) != want {
			t.Errorf("in parts of %d: %v, more %t, %v", size, got, w.more, err)
		}
		if err := (&rowWriter{}).end("killed"); err == nil {
			t.Error("a cut answer is no error")
		}
	}
}

func chunks(b []byte, size int) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(b) > 0 {
			n := min(size, len(b))
			if !yield(b[:n]) {
				return
			}
			b = b[n:]
		}
	}
}

// TestNothingIsHandedOutAfterTheEnd: the connection may still be read when a
// question was given up; who asked does not expect rows any more.
func TestNothingIsHandedOutAfterTheEnd(t *testing.T) {
	rows := 0
	w := &rowWriter{f: func(Row, error) error { rows++; return nil }, alive: func() {}, refused: make(chan error, 1)}
	line := []byte(`{"project":"p","number":1}` + "\n")
	for range 2 {
		if n, err := w.Write(line); n != len(line) || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		w.close()
	}
	if rows != 1 {
		t.Errorf("%d rows", rows)
	}
}
