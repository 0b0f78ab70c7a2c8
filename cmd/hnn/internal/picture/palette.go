package picture

// An Ink is a role of colour. What colour it is depends on the theme.
type Ink uint8

// The inks: the background, words, lesser words and axes, grid lines, what is true, then those of
// the other data.
const (
	Paper Ink = iota
	Text
	Muted
	Grid
	True
	Series                      // Series + k is the colour of curve k < NumSeries
	Ramp   = Series + NumSeries // Ramp + k is step k < NumRamp from low to high
	numInk = Ramp + NumRamp
)

// How many inks the data have.
const (
	NumSeries = 6
	NumRamp   = 12
)

type rgb [3]uint8

// The curves have the hues of Okabe and Ito, which people with any common colour blindness can tell
// apart: blue, vermilion, bluish green, reddish purple, orange, sky blue. Their order gives the first
// ones the most contrast to the paper. On dark paper they are lighter. Source: M. Okabe and K. Ito,
// "Color Universal Design", 2008; B. Wong, Nature Methods 8, 441 (2011).
//
// A ramp changes its lightness all along, so that it also has its order in grey.
var (
	light = theme(rgb{0xff, 0xff, 0xff}, rgb{0x1a, 0x1a, 0x1a}, rgb{0x55, 0x55, 0x55}, rgb{0xdd, 0xdd, 0xdd}, rgb{0x94, 0x94, 0x94},
		[NumSeries]rgb{{0x00, 0x72, 0xb2}, {0xd5, 0x5e, 0x00}, {0x00, 0x9e, 0x73}, {0xb8, 0x5c, 0x92}, {0xe6, 0x9f, 0x00}, {0x56, 0xb4, 0xe9}},
		[3]rgb{{0x6c, 0xbf, 0xe8}, {0x00, 0x72, 0xb2}, {0x2b, 0x12, 0x45}})
	dark = theme(rgb{0x14, 0x17, 0x1a}, rgb{0xec, 0xec, 0xec}, rgb{0xb0, 0xb0, 0xb0}, rgb{0x3a, 0x3f, 0x44}, rgb{0x83, 0x89, 0x8f},
		[NumSeries]rgb{{0x56, 0xb4, 0xe9}, {0xff, 0x8a, 0x3d}, {0x2e, 0xc5, 0x9a}, {0xe7, 0x9b, 0xc5}, {0xf0, 0xc5, 0x41}, {0xa8, 0xd8, 0xf5}},
		[3]rgb{{0x2f, 0x6f, 0xa6}, {0x56, 0xb4, 0xe9}, {0xf0, 0xe4, 0x42}})
)

func theme(paper, text, muted, grid, true rgb, series [NumSeries]rgb, ramp [3]rgb) (t [numInk]rgb) {
	t[Paper], t[Text], t[Muted], t[Grid], t[True] = paper, text, muted, grid, true
	copy(t[Series:], series[:])
	for k := range NumRamp {
		at := 2 * k * 256 / (NumRamp - 1) // 512 at the end
		a, b := ramp[min(at/256, 1)], ramp[min(at/256, 1)+1]
		at -= min(at/256, 1) * 256
		for c := range 3 {
			t[int(Ramp)+k][c] = uint8((int(a[c])*(256-at) + int(b[c])*at) / 256)
		}
	}
	return t
}

func (f *Figure) theme() *[numInk]rgb {
	if f.Dark {
		return &dark
	}
	return &light
}

// RampInk is the ink of number i of n, from low to high.
func RampInk(i, n int) Ink {
	if n < 2 {
		return Ramp + NumRamp/2
	}
	return Ramp + Ink(i*(NumRamp-1)/(n-1))
}
