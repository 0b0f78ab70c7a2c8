//go:build !purego

#include "textflag.h"

// op for every row of a tile: where its left factor is, and its sums.
#define ALL(op) \
	op(R4, V8, V9, V10)     \
	op(R5, V11, V12, V13)   \
	op(R6, V14, V15, V16)   \
	op(R7, V17, V18, V19)   \
	op(R8, V20, V21, V22)   \
	op(R9, V23, V24, V25)   \
	op(R10, V26, V27, V28)  \
	op(R11, V29, V30, V31)

#define ZERO(a, c0, c1, c2) \
	VEOR c0.B16, c0.B16, c0.B16 \
	VEOR c1.B16, c1.B16, c1.B16 \
	VEOR c2.B16, c2.B16, c2.B16

#define START(a, c0, c1, c2) \
	MOVD R16, a             \
	ADD  R17, R16

// One step of the chains of a row, c0 ← fma(x, V0, c0), …, of 3, 2 or 1 vectors.
#define STEP3(a, c0, c1, c2) \
	VLD1R.P (a)(R12), [V3.D2] \
	VFMLA V0.D2, V3.D2, c0.D2 \
	VFMLA V1.D2, V3.D2, c1.D2 \
	VFMLA V2.D2, V3.D2, c2.D2

#define STEP2(a, c0, c1, c2) \
	VLD1R.P (a)(R12), [V3.D2] \
	VFMLA V0.D2, V3.D2, c0.D2 \
	VFMLA V1.D2, V3.D2, c1.D2

#define STEP1(a, c0, c1, c2) \
	VLD1R.P (a)(R12), [V3.D2] \
	VFMLA V0.D2, V3.D2, c0.D2

#define LOAD3(a, c0, c1, c2) \
	VLD1 (R16), [c0.D2, c1.D2, c2.D2] \
	ADD  R1, R16

#define LOAD2(a, c0, c1, c2) \
	VLD1 (R16), [c0.D2, c1.D2] \
	ADD  R1, R16

#define LOAD1(a, c0, c1, c2) \
	VLD1 (R16), [c0.D2]     \
	ADD  R1, R16

#define STORE3(a, c0, c1, c2) \
	VST1 [c0.D2, c1.D2, c2.D2], (R0) \
	ADD  R1, R0

#define STORE2(a, c0, c1, c2) \
	VST1 [c0.D2, c1.D2], (R0) \
	ADD  R1, R0

#define STORE1(a, c0, c1, c2) \
	VST1 [c0.D2], (R0)      \
	ADD  R1, R0

#define RIGHT3 VLD1 (R2), [V0.D2, V1.D2, V2.D2]
#define RIGHT2 VLD1 (R2), [V0.D2, V1.D2]
#define RIGHT1 VLD1 (R2), [V0.D2]

// A tile of one width: load the sums if there are any, run the chains, store.
#define TILE(loop, start, load, step, store, right) \
	CBZ  R15, start         \
	ALL(load)               \
start: \
	MOVD a_base+32(FP), R16 \
	ALL(START)              \
loop: \
	right                   \
	ADD  R3, R2             \
	ALL(step)               \
	SUB  $1, R13            \
	CBNZ R13, loop          \
	ALL(store)              \
	RET

// func tileNEON(z []float64, zr int, a []float64, ar, ac int, b []float64, bc, k, cols int, onto bool)
//
//	for r := range 8 {
//		for c := range cols { // 2, 4 or 6
//			s := z[r*zr+c] // 0 unless it goes on
//			for p := range k {
//				s = math.FMA(a[r*ar+p*ac], b[p*bc+c], s)
//			}
//			z[r*zr+c] = s
//		}
//	}
TEXT ·tileNEON(SB), NOSPLIT, $0-121
	MOVD z_base+0(FP), R0
	MOVD R0, R16
	MOVD zr+24(FP), R1
	LSL  $3, R1
	MOVD ar+56(FP), R17
	LSL  $3, R17
	MOVD ac+64(FP), R12
	LSL  $3, R12
	MOVD b_base+72(FP), R2
	MOVD bc+96(FP), R3
	LSL  $3, R3
	MOVD k+104(FP), R13
	MOVD cols+112(FP), R14
	MOVBU onto+120(FP), R15
	ALL(ZERO)
	CMP  $4, R14
	BLT  one
	BEQ  two
	TILE(loop3, start3, LOAD3, STEP3, STORE3, RIGHT3)
two:
	TILE(loop2, start2, LOAD2, STEP2, STORE2, RIGHT2)
one:
	TILE(loop1, start1, LOAD1, STEP1, STORE1, RIGHT1)

// func peakNEON(n int)
//
// runs 24 n independent fused multiply-adds of 2 numbers.
TEXT ·peakNEON(SB), NOSPLIT, $0-8
	MOVD n+0(FP), R13
	VEOR V0.B16, V0.B16, V0.B16
	VEOR V1.B16, V1.B16, V1.B16
	VEOR V2.B16, V2.B16, V2.B16
	VEOR V3.B16, V3.B16, V3.B16
	ALL(ZERO)
loop:
#define PEAK(a, c0, c1, c2) \
	VFMLA V0.D2, V3.D2, c0.D2 \
	VFMLA V1.D2, V3.D2, c1.D2 \
	VFMLA V2.D2, V3.D2, c2.D2
	ALL(PEAK)
	SUB  $1, R13
	CBNZ R13, loop
	RET
