package joblog

import (
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
)

// inUTF16 is a text as UTF-16 with its mark.
func inUTF16(text string, order binary.AppendByteOrder) string {
	b := order.AppendUint16(nil, 0xfeff)
	for _, unit := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

func TestUTF16IsReadByItsMark(t *testing.T) {
	text := strings.Repeat("PS C:\\> fähr 日本 \U0001f600\r\n", 2000)
	lone := "\xff\xfea\x00\x00\xd8b\x00\x3d\xd8" // a, half a pair, b, half a pair
	for in, want := range map[string]string{
		inUTF16(text, binary.LittleEndian): text, inUTF16(text, binary.BigEndian): text,
		text: text, "": "", "\xff\xfe": "", "\xff": "\xff", "ab": "ab", lone: "a\ufffdb\ufffd",
		"\xfe\xff\x00a\x00": "a\ufffd", "\xef\xbb\xbfx": "\xef\xbb\xbfx",
	} {
		for _, r := range []io.Reader{strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in)), iotest.DataErrReader(strings.NewReader(in))} {
			plain, err := unpack(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(plain); err != nil || string(got) != want {
				t.Errorf("%.20q: %.40q %v, want %.40q", in, got, err, want)
			}
		}
	}
	for _, in := range []string{"\xff\xfe\x00\x00a\x00\x00\x00", "\x00\x00\xfe\xff\x00\x00\x00a"} {
		if _, err := unpack(strings.NewReader(in), nil); err == nil || !strings.Contains(err.Error(), "UTF-32") {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestLocalFilesInUTF16AreSearchedAsText(t *testing.T) {
	_, f := inFile(t, inUTF16("one\ntwo\n", binary.LittleEndian), Options{})
	var got []string
	for w, err := range Windows(f, "x.txt", FoldOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(w.Text))
	}
	if strings.Join(got, "") != "one\ntwo\n" {
		t.Errorf("%q", got)
	}
}
