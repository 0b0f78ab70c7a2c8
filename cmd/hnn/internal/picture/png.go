package picture

import (
	"encoding/binary"
	"hash/adler32"
	"hash/crc32"
	"io"
)

// png.go writes PNG without package image/png: what compress/flate writes differs between versions
// of Go. Pictures of lines on paper are mostly runs, and a short compressor does well on them.
//
// Source: RFC 1950 (zlib), RFC 1951 (deflate), and the PNG specification, W3C 2003.

// PNG writes the figure as a picture with scale pixels for each one of the figure.
func (f *Figure) PNG(w io.Writer, scale float64) error {
	r := newRaster(f, scale)
	f.draw(r)
	return writePNG(w, r.pix, r.wide, r.high)
}

func writePNG(w io.Writer, pix []uint8, wide, high int) error {
	// Each row is its difference to the one above, the filter "up".
	rows := make([]byte, 0, high*(1+3*wide))
	for y := range high {
		rows = append(rows, 2)
		row := pix[3*wide*y : 3*wide*(y+1)]
		for i, v := range row {
			if y > 0 {
				v -= pix[3*wide*(y-1)+i]
			}
			rows = append(rows, v)
		}
	}
	var head []byte
	head = binary.BigEndian.AppendUint32(head, uint32(wide))
	head = binary.BigEndian.AppendUint32(head, uint32(high))
	head = append(head, 8, 2, 0, 0, 0) // 8 bits of red, green and blue
	file := []byte("\x89PNG\r\n\x1a\n")
	for _, c := range []struct {
		name string
		data []byte
	}{{"IHDR", head}, {"IDAT", zlib(rows)}, {"IEND", nil}} {
		file = binary.BigEndian.AppendUint32(file, uint32(len(c.data)))
		begin := len(file)
		file = append(append(file, c.name...), c.data...)
		file = binary.BigEndian.AppendUint32(file, crc32.ChecksumIEEE(file[begin:]))
	}
	_, err := w.Write(file)
	return err
}

// zlib compresses data with the fixed codes of deflate. It finds repetitions of the three bytes
// before, which are pixels of one colour.
func zlib(data []byte) []byte {
	b := bits{out: []byte{0x78, 0x01}}
	b.put(1, 1) // the last block
	b.put(1, 2) // of fixed codes
	const distance = 3
	for i := 0; i < len(data); {
		n := 0
		for i >= distance && i+n < len(data) && n < 258 && data[i+n] == data[i+n-distance] {
			n++
		}
		if n < 4 {
			b.symbol(int(data[i]))
			i++
			continue
		}
		b.length(n)
		b.code(2, 5) // distance 3
		i += n
	}
	b.symbol(256)
	b.put(0, (8-b.n)%8)
	return binary.BigEndian.AppendUint32(b.out, adler32.Checksum(data))
}

// bits packs numbers from the lowest bit of each byte up.
type bits struct {
	out  []byte
	word uint32
	n    int // bits in word
}

func (b *bits) put(v uint32, n int) {
	b.word |= v << b.n
	for b.n += n; b.n >= 8; b.n -= 8 {
		b.out = append(b.out, byte(b.word))
		b.word >>= 8
	}
}

// code writes a Huffman code, highest bit first.
func (b *bits) code(v, n int) {
	for n--; n >= 0; n-- {
		b.put(uint32(v>>n&1), 1)
	}
}

// symbol writes a byte, the end (256) or a class of lengths, with the codes of RFC 1951, 3.2.6.
func (b *bits) symbol(s int) {
	switch {
	case s < 144:
		b.code(0x30+s, 8)
	case s < 256:
		b.code(0x190+s-144, 9)
	case s < 280:
		b.code(s-256, 7)
	default:
		b.code(0xc0+s-280, 8)
	}
}

// length writes a length from 3 to 258, with the classes of RFC 1951, 3.2.5.
func (b *bits) length(n int) {
	if n == 258 {
		b.symbol(285)
		return
	}
	extra, base := 0, 3
	for s := 257; ; s++ {
		if s >= 265 {
			extra = (s - 261) / 4
		}
		if n < base+1<<extra {
			b.symbol(s)
			b.put(uint32(n-base), extra)
			return
		}
		base += 1 << extra
	}
}
