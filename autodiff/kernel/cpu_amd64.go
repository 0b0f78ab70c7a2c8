//go:build !purego

package kernel

func cpuid(leaf, sub uint32) (ax, bx, cx, dx uint32)
func xgetbv() (ax uint32)

// detect returns the best instruction set that the processor has and that the
// operating system saves on a context switch.
//
// Source: Intel, Software Developer's Manual, volume 1, §§14.3 and 15.2.
func detect() instructionSet {
	const (
		fma, osxsave, avx           = 1 << 12, 1 << 27, 1 << 28 // leaf 1, ecx
		avx2, avx512f               = 1 << 5, 1 << 16           // leaf 7, ebx
		avx512dq, avx512vl          = 1 << 17, 1 << 31          // leaf 7, ebx
		stateAVX, stateAVX512       = 3 << 1, 3<<1 | 7<<5       // xcr0
		needs1, needs7, needs7Wider = fma | osxsave | avx, avx2, avx2 | avx512f | avx512dq | avx512vl
	)
	if top, _, _, _ := cpuid(0, 0); top < 7 {
		return plain
	}
	_, _, c, _ := cpuid(1, 0)
	if c&needs1 != needs1 {
		return plain
	}
	state := xgetbv()
	_, b, _, _ := cpuid(7, 0)
	switch {
	case b&needs7Wider == needs7Wider && state&stateAVX512 == stateAVX512 && !noAVX512:
		return avx512Set
	case b&needs7 == needs7 && state&stateAVX == stateAVX:
		return avx2Set
	}
	return plain
}

func vectorSets() []instructionSet {
	switch detect().name {
	case "avx512":
		return []instructionSet{avx2Set, avx512Set}
	case "avx2":
		return []instructionSet{avx2Set}
	}
	return nil
}
