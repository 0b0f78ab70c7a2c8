//go:build !purego

#include "go_asm.h"
#include "textflag.h"

// B0, B1, B2 hold vectors of the right factor, S the left factor in every lane; W is
// the size of a vector. The names are given meanings before each routine.

// Rows 0 … 7 of the left factor or of z are at AX and R8, 2 R8, R9, 4 R8, R10, 2 R9 and
// R11 bytes further on.
#define STRIDES(base, stride) \
	MOVQ base, AX           \
	MOVQ stride, R8         \
	SHLQ $3, R8             \
	LEAQ (R8)(R8*2), R9     \
	LEAQ (R8)(R8*4), R10    \
	LEAQ (R9)(R8*4), R11

// op for every row of a tile: its place in memory and its sums.
#define ALL8(op) \
	op((AX), Z8, Z9, Z10)            \
	op((AX)(R8*1), Z11, Z12, Z13)    \
	op((AX)(R8*2), Z14, Z15, Z16)    \
	op((AX)(R9*1), Z17, Z18, Z19)    \
	op((AX)(R8*4), Z20, Z21, Z22)    \
	op((AX)(R10*1), Z23, Z24, Z25)   \
	op((AX)(R9*2), Z26, Z27, Z28)    \
	op((AX)(R11*1), Z29, Z30, Z31)

#define ALL4(op) \
	op((AX), Y4, Y5, Y6)             \
	op((AX)(R8*1), Y7, Y8, Y9)       \
	op((AX)(R8*2), Y10, Y11, Y12)    \
	op((AX)(R9*1), Y13, Y14, Y15)

#define ZERO(at, c0, c1, c2) \
	VXORPD c0, c0, c0       \
	VXORPD c1, c1, c1       \
	VXORPD c2, c2, c2

// One step of the chains of a row: c0 ← fma(S, B0, c0), …, for 3, 2 or 1 vectors.
#define STEP3(at, c0, c1, c2) \
	VBROADCASTSD at, S      \
	VFMADD231PD B0, S, c0   \
	VFMADD231PD B1, S, c1   \
	VFMADD231PD B2, S, c2

#define STEP2(at, c0, c1, c2) \
	VBROADCASTSD at, S      \
	VFMADD231PD B0, S, c0   \
	VFMADD231PD B1, S, c1

#define STEP1(at, c0, c1, c2) \
	VBROADCASTSD at, S      \
	VFMADD231PD B0, S, c0

#define RIGHT1 \
	VMOVUPD (BX), B0
#define RIGHT2 \
	RIGHT1                  \
	VMOVUPD W(BX), B1
#define RIGHT3 \
	RIGHT2                  \
	VMOVUPD (2*W)(BX), B2

#define LOAD1(at, c0, c1, c2) \
	VMOVUPD at, c0
#define LOAD2(at, c0, c1, c2) \
	VMOVUPD at, c0          \
	VMOVUPD W at, c1
#define LOAD3(at, c0, c1, c2) \
	VMOVUPD at, c0          \
	VMOVUPD W at, c1        \
	VMOVUPD (2*W)at, c2

#define ADD1(at, c0, c1, c2) \
	VADDPD at, c0, c0
#define ADD2(at, c0, c1, c2) \
	VADDPD at, c0, c0       \
	VADDPD W at, c1, c1
#define ADD3(at, c0, c1, c2) \
	VADDPD at, c0, c0       \
	VADDPD W at, c1, c1     \
	VADDPD (2*W)at, c2, c2

#define STORE1(at, c0, c1, c2) \
	VMOVUPD c0, at
#define STORE2(at, c0, c1, c2) \
	VMOVUPD c0, at          \
	VMOVUPD c1, W at
#define STORE3(at, c0, c1, c2) \
	VMOVUPD c0, at          \
	VMOVUPD c1, W at        \
	VMOVUPD c2, (2*W)at

// Tiles of one width: load the sums that go on, run the chains, add s, store. The next tile is
// at SI in z, at R13 in a and at R14 in s.
#define TILE(all, rows, next, start, loop, plain, load, right, step, add, store) \
next: \
	all(ZERO)               \
	CMPB stack_onto(DI), $0 \
	JEQ  start              \
	STRIDES(SI, stack_zr(DI)) \
	all(load)               \
start: \
	STRIDES(R13, stack_ar(DI)) \
	MOVQ stack_b(DI), BX    \
	MOVQ stack_k(DI), R12   \
loop: \
	right                   \
	all(step)               \
	ADDQ DX, AX             \
	ADDQ CX, BX             \
	DECQ R12                \
	JNZ  loop               \
	TESTQ R14, R14          \
	JEQ  plain              \
	STRIDES(R14, stack_sr(DI)) \
	LEAQ (R14)(R8*rows), R14 \
	all(add)                \
plain: \
	STRIDES(SI, stack_zr(DI)) \
	LEAQ (SI)(R8*rows), SI  \
	MOVQ stack_an(DI), R12  \
	LEAQ (R13)(R12*8), R13  \
	all(store)              \
	DECQ tiles-8(SP)        \
	JNZ  next               \
	VZEROUPPER              \
	RET

// Tiles in the widths of 3, 2 and 1 vectors; 2 vectors are cols2 columns.
#define TILES(all, rows, cols2) \
	MOVQ t+0(FP), DI        \
	MOVQ stack_tiles(DI), AX \
	MOVQ AX, tiles-8(SP)    \
	MOVQ stack_z(DI), SI    \
	MOVQ stack_a(DI), R13   \
	MOVQ stack_s(DI), R14   \
	MOVQ stack_ac(DI), DX   \
	SHLQ $3, DX             \
	MOVQ stack_bc(DI), CX   \
	SHLQ $3, CX             \
	CMPQ stack_cols(DI), $cols2 \
	JLT  next1              \
	JEQ  next2              \
	TILE(all, rows, next3, start3, loop3, plain3, LOAD3, RIGHT3, STEP3, ADD3, STORE3) \
	TILE(all, rows, next2, start2, loop2, plain2, LOAD2, RIGHT2, STEP2, ADD2, STORE2) \
	TILE(all, rows, next1, start1, loop1, plain1, LOAD1, RIGHT1, STEP1, ADD1, STORE1)

#define ZERO4(c0, c1, c2, c3) \
	VXORPD c0, c0, c0       \
	VXORPD c1, c1, c1       \
	VXORPD c2, c2, c2       \
	VXORPD c3, c3, c3

#define ROWARGS \
	MOVQ z_base+0(FP), DI   \
	MOVQ ac+48(FP), DX      \
	SHLQ $3, DX             \
	MOVQ b_base+56(FP), BX  \
	MOVQ bc+80(FP), CX      \
	SHLQ $3, CX             \
	MOVQ z_len+8(FP), R13

#define STRIPBEGIN \
	MOVQ a_base+24(FP), AX  \
	MOVQ BX, SI             \
	MOVQ k+88(FP), R12

#define STRIPNEXT(loop) \
	ADDQ DX, AX             \
	ADDQ CX, SI             \
	DECQ R12                \
	JNZ  loop

#define STRIPEND(bytes, count) \
	ADDQ $bytes, DI         \
	ADDQ $bytes, BX         \
	SUBQ $count, R13

#define FMA4(at, v, x, c0, c1, c2, c3) \
	VFMADD231PD (at+0*v)(SI), x, c0 \
	VFMADD231PD (at+1*v)(SI), x, c1 \
	VFMADD231PD (at+2*v)(SI), x, c2 \
	VFMADD231PD (at+3*v)(SI), x, c3

#define PUT4(at, v, c0, c1, c2, c3) \
	VMOVUPD c0, (at+0*v)(DI) \
	VMOVUPD c1, (at+1*v)(DI) \
	VMOVUPD c2, (at+2*v)(DI) \
	VMOVUPD c3, (at+3*v)(DI)

// One row times a matrix, in strips of 8, 4 and 1 vectors of v bytes and l numbers.
#define ONEROW(v, l, x, c0, c1, c2, c3, c4, c5, c6, c7) \
	ROWARGS                 \
wide: \
	CMPQ R13, $(8*l)        \
	JLT  half               \
	STRIPBEGIN              \
	ZERO4(c0, c1, c2, c3)   \
	ZERO4(c4, c5, c6, c7)   \
loop8: \
	VBROADCASTSD (AX), x    \
	FMA4(0, v, x, c0, c1, c2, c3)   \
	FMA4(4*v, v, x, c4, c5, c6, c7) \
	STRIPNEXT(loop8)        \
	PUT4(0, v, c0, c1, c2, c3)      \
	PUT4(4*v, v, c4, c5, c6, c7)    \
	STRIPEND((8*v), (8*l))  \
	JMP  wide               \
half: \
	CMPQ R13, $(4*l)        \
	JLT  one                \
	STRIPBEGIN              \
	ZERO4(c0, c1, c2, c3)   \
loop4: \
	VBROADCASTSD (AX), x    \
	FMA4(0, v, x, c0, c1, c2, c3)   \
	STRIPNEXT(loop4)        \
	PUT4(0, v, c0, c1, c2, c3)      \
	STRIPEND((4*v), (4*l))  \
	JMP  half               \
one: \
	CMPQ R13, $l            \
	JLT  done               \
	STRIPBEGIN              \
	VXORPD c0, c0, c0       \
loop1: \
	VBROADCASTSD (AX), x    \
	VFMADD231PD (SI), x, c0 \
	STRIPNEXT(loop1)        \
	VMOVUPD c0, (DI)        \
	STRIPEND(v, l)          \
	JMP  one                \
done: \
	VZEROUPPER              \
	RET

#define PEAK(at, c0, c1, c2) \
	VFMADD231PD B0, B0, c0  \
	VFMADD231PD B1, B1, c1  \
	VFMADD231PD B2, B2, c2

// Rows 0 … 3 at base, rows CX bytes apart, 4 columns, transposed to y0 … y3: first rows
// 0 and 2, rows 1 and 3 side by side, two columns at a time.
#define TRANSPOSE4(base, x4, x5, x6, x7, y4, y5, y6, y7, y0, y1, y2, y3) \
	VMOVUPD (base), x4                          \
	VMOVUPD 16(base), x5                        \
	VMOVUPD (base)(CX*1), x6                    \
	VMOVUPD 16(base)(CX*1), x7                  \
	VINSERTF128 $1, (base)(CX*2), y4, y4        \
	VINSERTF128 $1, 16(base)(CX*2), y5, y5      \
	VINSERTF128 $1, (base)(DX*1), y6, y6        \
	VINSERTF128 $1, 16(base)(DX*1), y7, y7      \
	VUNPCKLPD y6, y4, y0                        \
	VUNPCKHPD y6, y4, y1                        \
	VUNPCKLPD y7, y5, y2                        \
	VUNPCKHPD y7, y5, y3

// Four steps of the chains s of four rows.
#define DOT4(base, s) \
	TRANSPOSE4(base, X4, X5, X6, X7, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11) \
	VFMADD231PD Y8, Y12, s  \
	VFMADD231PD Y9, Y13, s  \
	VFMADD231PD Y10, Y14, s \
	VFMADD231PD Y11, Y15, s \
	ADDQ $32, base

// One step of the same chains.
#define DOT1(base, s) \
	VMOVSD (base), X4       \
	VMOVHPD (base)(CX*1), X4, X4 \
	VMOVSD (base)(CX*2), X5 \
	VMOVHPD (base)(DX*1), X5, X5 \
	VINSERTF128 $1, X5, Y4, Y4 \
	VFMADD231PD Y4, Y12, s  \
	ADDQ $8, base

// The left factors of four steps.
#define FACTOR4 \
	VBROADCASTSD (AX), Y12  \
	VBROADCASTSD (AX)(SI*1), Y13 \
	VBROADCASTSD (AX)(SI*2), Y14 \
	VBROADCASTSD (AX)(R13*1), Y15 \
	LEAQ (AX)(SI*4), AX

// func tileAVX512(t *stack)
//
// for tiles of 8 rows:
//
//	for r := range 8 * t.tiles {
//		for c := range t.cols { // 8, 16 or 24
//			sum := t.z[r*t.zr+c] // if t.onto, else 0
//			for p := range t.k {
//				sum = math.FMA(t.a[r/8*t.an+r%8*t.ar+p*t.ac], t.b[p*t.bc+c], sum)
//			}
//			t.z[r*t.zr+c] = t.s[r*t.sr+c] + sum // or sum, if t.s is nil
//		}
//	}
TEXT ·tileAVX512(SB), NOSPLIT, $8-8
#define W 64
#define S Z3
#define B0 Z0
#define B1 Z1
#define B2 Z2
	TILES(ALL8, 8, 16)

// func peakAVX512(n int)
//
// runs 24 n independent fused multiply-adds of 8 numbers.
TEXT ·peakAVX512(SB), NOSPLIT, $0-8
	MOVQ n+0(FP), R12
	ZERO(0, Z0, Z1, Z2)
	ALL8(ZERO)
loop:
	ALL8(PEAK)
	DECQ R12
	JNZ  loop
	VZEROUPPER
	RET

// func tileAVX2(t *stack)
//
// is the loop of tileAVX512 with 4 rows and 4, 8 or 12 columns.
TEXT ·tileAVX2(SB), NOSPLIT, $8-8
#undef W
#undef S
#undef B0
#undef B1
#undef B2
#define W 32
#define S Y3
#define B0 Y0
#define B1 Y1
#define B2 Y2
	TILES(ALL4, 4, 8)

// func peakAVX2(n int)
//
// runs 12 n independent fused multiply-adds of 4 numbers: there are 16 registers.
TEXT ·peakAVX2(SB), NOSPLIT, $0-8
	MOVQ n+0(FP), R12
	ZERO(0, Y0, Y1, Y2)
	ALL4(ZERO)
loop:
	ALL4(PEAK)
	DECQ R12
	JNZ  loop
	VZEROUPPER
	RET

// func rowAVX512(z, a []float64, ac int, b []float64, bc, k int)
//
//	for j := range z { // len(z) a multiple of 8
//		s := 0.
//		for p := range k {
//			s = math.FMA(a[p*ac], b[p*bc+j], s)
//		}
//		z[j] = s
//	}
TEXT ·rowAVX512(SB), NOSPLIT, $0-96
	ONEROW(64, 8, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8)

// func rowAVX2(z, a []float64, ac int, b []float64, bc, k int)
//
// is the loop of rowAVX512 for len(z) a multiple of 4.
TEXT ·rowAVX2(SB), NOSPLIT, $0-96
	ONEROW(32, 4, Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8)

// func rowTAVX2(z, a []float64, ac int, b []float64, br, k int)
//
//	for j := range z { // len(z) a multiple of 4
//		s := 0.
//		for p := range k {
//			s = math.FMA(a[p*ac], b[j*br+p], s)
//		}
//		z[j] = s
//	}
TEXT ·rowTAVX2(SB), NOSPLIT, $0-96
	MOVQ z_base+0(FP), DI
	MOVQ ac+48(FP), SI
	SHLQ $3, SI
	LEAQ (SI)(SI*2), R13
	MOVQ b_base+56(FP), BX
	MOVQ br+80(FP), CX
	SHLQ $3, CX
	LEAQ (CX)(CX*2), DX
	SUBQ $16, z_len+8(FP)
	JLT  rest
wide:
	MOVQ a_base+24(FP), AX
	MOVQ k+88(FP), R12
	MOVQ BX, R8
	LEAQ (BX)(CX*4), R9
	LEAQ (BX)(CX*8), R10
	LEAQ (R9)(CX*8), R11
	LEAQ (R10)(CX*8), BX
	ZERO4(Y0, Y1, Y2, Y3)
	SUBQ $4, R12
	JLT  rest16
loop16:
	FACTOR4
	DOT4(R8, Y0)
	DOT4(R9, Y1)
	DOT4(R10, Y2)
	DOT4(R11, Y3)
	SUBQ $4, R12
	JGE  loop16
rest16:
	ADDQ $4, R12
	JZ   put16
one16:
	VBROADCASTSD (AX), Y12
	ADDQ SI, AX
	DOT1(R8, Y0)
	DOT1(R9, Y1)
	DOT1(R10, Y2)
	DOT1(R11, Y3)
	DECQ R12
	JNZ  one16
put16:
	PUT4(0, 32, Y0, Y1, Y2, Y3)
	ADDQ $128, DI
	SUBQ $16, z_len+8(FP)
	JGE  wide
rest:
	ADDQ $16, z_len+8(FP)
	JZ   done
four:
	MOVQ a_base+24(FP), AX
	MOVQ k+88(FP), R12
	MOVQ BX, R8
	LEAQ (BX)(CX*4), BX
	VXORPD Y0, Y0, Y0
	SUBQ $4, R12
	JLT  rest4
loop4:
	FACTOR4
	DOT4(R8, Y0)
	SUBQ $4, R12
	JGE  loop4
rest4:
	ADDQ $4, R12
	JZ   put4
one4:
	VBROADCASTSD (AX), Y12
	ADDQ SI, AX
	DOT1(R8, Y0)
	DECQ R12
	JNZ  one4
put4:
	VMOVUPD Y0, (DI)
	ADDQ $32, DI
	SUBQ $4, z_len+8(FP)
	JNZ  four
done:
	VZEROUPPER
	RET

// func copyPanel(dst []float64, width int, src []float64, row, k, cols int)
//
//	for p := range k {
//		for c := range cols { // a multiple of 4
//			dst[p*width+c] = src[p*row+c]
//		}
//	}
TEXT ·copyPanel(SB), NOSPLIT, $0-80
	MOVQ dst_base+0(FP), DI
	MOVQ width+24(FP), R8
	SHLQ $3, R8
	MOVQ src_base+32(FP), BX
	MOVQ row+56(FP), CX
	SHLQ $3, CX
	MOVQ k+64(FP), R12
	MOVQ cols+72(FP), R13
row:
	XORQ DX, DX
	LEAQ (BX)(CX*4), R9
col:
	VMOVUPD (BX)(DX*8), Y0
	PREFETCHT0 (R9)(DX*8)
	VMOVUPD Y0, (DI)(DX*8)
	ADDQ $4, DX
	CMPQ DX, R13
	JLT  col
	ADDQ R8, DI
	ADDQ CX, BX
	DECQ R12
	JNZ  row
	VZEROUPPER
	RET

// func transpose4(dst []float64, width int, src []float64, row, k int)
//
//	for p := range k { // k a multiple of 4
//		for r := range 4 {
//			dst[p*width+r] = src[r*row+p]
//		}
//	}
TEXT ·transpose4(SB), NOSPLIT, $0-72
	MOVQ dst_base+0(FP), DI
	MOVQ src_base+32(FP), BX
	MOVQ row+56(FP), CX
	SHLQ $3, CX
	LEAQ (CX)(CX*2), DX
	MOVQ k+64(FP), R12
	MOVQ width+24(FP), R8
	SHLQ $3, R8
	LEAQ (R8)(R8*2), R9
loop:
	TRANSPOSE4(BX, X4, X5, X6, X7, Y4, Y5, Y6, Y7, Y0, Y1, Y2, Y3)
	VMOVUPD Y0, (DI)
	VMOVUPD Y1, (DI)(R8*1)
	VMOVUPD Y2, (DI)(R8*2)
	VMOVUPD Y3, (DI)(R9*1)
	LEAQ (DI)(R8*4), DI
	ADDQ $32, BX
	SUBQ $4, R12
	JNZ  loop
	VZEROUPPER
	RET
