//go:build !purego

package kernel

func cpuid(leaf, sub uint32) (ax, bx, cx, dx uint32)
func xgetbv() (ax uint32)

// vectorSets lists the instruction sets that the processor has, that the operating
// system saves on a context switch, and that GODEBUG does not turn off.
//
// Source: Intel, Software Developer's Manual, volume 1, §§14.3 and 15.2.
func vectorSets() []Set {
	const (
		fma, osxsave, avx     = 1 << 12, 1 << 27, 1 << 28 // leaf 1, ecx
		avx2, avx512f         = 1 << 5, 1 << 16           // leaf 7, ebx
		avx512dq, avx512vl    = 1 << 17, 1 << 31          // leaf 7, ebx
		stateAVX, stateAVX512 = 3 << 1, 3<<1 | 7<<5       // xcr0
		needs1, needs7        = fma | osxsave | avx, avx2
		needs7Wider           = avx2 | avx512f | avx512dq | avx512vl
	)
	if top, _, _, _ := cpuid(0, 0); top < 7 {
		return nil
	}
	if _, _, c, _ := cpuid(1, 0); c&needs1 != needs1 {
		return nil
	}
	state := xgetbv()
	_, b, _, _ := cpuid(7, 0)
	if b&needs7 != needs7 || state&stateAVX != stateAVX || off("avx") || off("fma") || off("avx2") {
		return nil
	}
	if b&needs7Wider != needs7Wider || state&stateAVX512 != stateAVX512 ||
		off("avx512f") || off("avx512dq") || off("avx512vl") {
		return []Set{avx2Set}
	}
	return []Set{avx2Set, avx512Set}
}
