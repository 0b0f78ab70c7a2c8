package nn

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"io"
)

// The last key of a file is the SHA-256 of all bytes before it, so that a changed bit is
// found:
//
//	{…,
//	"sha256": "…"}
//
// A checkpoint without it is refused. A model may lack it: who edits a model by hand
// removes the key.
const (
	sealKey  = "sha256"
	sealHead = ",\n\"" + sealKey + "\": \""
	sealTail = "\"}\n"
	sealSize = len(sealHead) + 2*sha256.Size + len(sealTail)
)

// pack returns a file: an object of its format, its version and parts, and its sum.
func pack(format string, version int, parts func(*Parts)) ([]byte, error) {
	var b bytes.Buffer
	err := putParts(&b, versioned(format, version, parts))
	seal(&b)
	return b.Bytes(), err
}

// unpack reads the parts of a file, whose header has been checked.
func unpack(in map[string]json.RawMessage, parts func(*Parts)) error {
	return getParts(in, versioned("", 0, parts))
}

func versioned(format string, version int, parts func(*Parts)) func(*Parts) {
	return func(p *Parts) {
		p.Text("format", &format)
		p.Whole("version", &version)
		parts(p)
	}
}

// seal ends a file: b is an object without its last brace.
func seal(b *bytes.Buffer) {
	sum := sha256.Sum256(b.Bytes())
	b.WriteString(sealHead + hex.EncodeToString(sum[:]) + sealTail)
}

// A sealReader passes a file on, and sums all of it but the seal.
type sealReader struct {
	r    io.Reader
	sum  hash.Hash
	tail []byte // what was read last, at most sealSize bytes
}

func newSealReader(r io.Reader) *sealReader { return &sealReader{r: r, sum: sha256.New()} }

// Read implements io.Reader.
func (s *sealReader) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	s.tail = append(s.tail, b[:n]...)
	if more := len(s.tail) - sealSize; more > 0 {
		s.sum.Write(s.tail[:more])
		s.tail = append(s.tail[:0], s.tail[more:]...)
	}
	return n, err
}

var errSeal = errors.New("the file is damaged: it does not end with its sha256 (remove that key from a model that was edited by hand)")

// check reports a file, read to its end, that does not end in its seal.
func (s *sealReader) check() error {
	if string(s.tail) != sealHead+hex.EncodeToString(s.sum.Sum(nil))+sealTail {
		return errSeal
	}
	return nil
}
