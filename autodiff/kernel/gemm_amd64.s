//go:build !purego

#include "textflag.h"

// The strides of rows 0 … 7, in bytes, are 0, R8, 2 R8, R9, 4 R8, R10, 2 R9, R11.
#define STRIDES(stride) \
	MOVQ stride, R8         \
	SHLQ $3, R8             \
	LEAQ (R8)(R8*2), R9     \
	LEAQ (R8)(R8*4), R10    \
	LEAQ (R9)(R8*4), R11

// One step of the chains of a row: c0 ← fma(x, b0, c0), …, with x broadcast from mem.
#define ROW3(mem, x, b0, b1, b2, c0, c1, c2) \
	VBROADCASTSD mem, x     \
	VFMADD231PD b0, x, c0   \
	VFMADD231PD b1, x, c1   \
	VFMADD231PD b2, x, c2

#define ROW2(mem, x, b0, b1, c0, c1) \
	VBROADCASTSD mem, x     \
	VFMADD231PD b0, x, c0   \
	VFMADD231PD b1, x, c1

#define ROW1(mem, x, b0, c0) \
	VBROADCASTSD mem, x     \
	VFMADD231PD b0, x, c0

// p ← p+1, and again while p < k.
#define NEXT(loop) \
	ADDQ DX, AX             \
	ADDQ CX, BX             \
	DECQ R12                \
	JNZ  loop

#define ZERO4(c0, c1, c2, c3) \
	VXORPD c0, c0, c0       \
	VXORPD c1, c1, c1       \
	VXORPD c2, c2, c2       \
	VXORPD c3, c3, c3

#define LOAD4(at, c0, c1, c2, c3) \
	VMOVUPD at(DI), c0         \
	VMOVUPD at(DI)(R8*1), c1   \
	VMOVUPD at(DI)(R8*2), c2   \
	VMOVUPD at(DI)(R9*1), c3

#define LOAD8(at, c0, c1, c2, c3, c4, c5, c6, c7) \
	LOAD4(at, c0, c1, c2, c3)  \
	VMOVUPD at(DI)(R8*4), c4   \
	VMOVUPD at(DI)(R10*1), c5  \
	VMOVUPD at(DI)(R9*2), c6   \
	VMOVUPD at(DI)(R11*1), c7

// The rows that the next tile will load.
#define PREFETCH4(at) \
	PREFETCHT0 at(SI)         \
	PREFETCHT0 at(SI)(R8*1)   \
	PREFETCHT0 at(SI)(R8*2)   \
	PREFETCHT0 at(SI)(R9*1)

#define PREFETCH8(at) \
	PREFETCH4(at)             \
	PREFETCHT0 at(SI)(R8*4)   \
	PREFETCHT0 at(SI)(R10*1)  \
	PREFETCHT0 at(SI)(R9*2)   \
	PREFETCHT0 at(SI)(R11*1)

#define STORE4(at, c0, c1, c2, c3) \
	VMOVUPD c0, at(DI)         \
	VMOVUPD c1, at(DI)(R8*1)   \
	VMOVUPD c2, at(DI)(R8*2)   \
	VMOVUPD c3, at(DI)(R9*1)

#define STORE8(at, c0, c1, c2, c3, c4, c5, c6, c7) \
	STORE4(at, c0, c1, c2, c3) \
	VMOVUPD c4, at(DI)(R8*4)   \
	VMOVUPD c5, at(DI)(R10*1)  \
	VMOVUPD c6, at(DI)(R9*2)   \
	VMOVUPD c7, at(DI)(R11*1)

// The arguments of a tile but for its strides over rows.
#define TILEARGS \
	MOVQ z_base+0(FP), DI   \
	MOVQ a_base+32(FP), AX  \
	MOVQ ac+64(FP), DX      \
	SHLQ $3, DX             \
	MOVQ b_base+72(FP), BX  \
	MOVQ bc+96(FP), CX      \
	SHLQ $3, CX             \
	MOVQ k+104(FP), R12     \
	MOVQ cols+112(FP), R13

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

#define PEAK3(x, c0, c1, c2) \
	VFMADD231PD x, x, c0    \
	VFMADD231PD x, x, c1    \
	VFMADD231PD x, x, c2

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

// func tileAVX512(z []float64, zr int, a []float64, ar, ac int, b []float64, bc, k, cols int, more bool)
//
//	for r := range 8 {
//		for c := range cols { // 8, 16 or 24
//			s := z[r*zr+c] // 0 unless more
//			for p := range k {
//				s = math.FMA(a[r*ar+p*ac], b[p*bc+c], s)
//			}
//			z[r*zr+c] = s
//		}
//	}
TEXT ·tileAVX512(SB), NOSPLIT, $0-121
	TILEARGS
	ZERO4(Z8, Z11, Z14, Z17)
	ZERO4(Z20, Z23, Z26, Z29)
	ZERO4(Z9, Z12, Z15, Z18)
	ZERO4(Z21, Z24, Z27, Z30)
	ZERO4(Z10, Z13, Z16, Z19)
	ZERO4(Z22, Z25, Z28, Z31)
	CMPB more+120(FP), $0
	JEQ  start
	STRIDES(zr+24(FP))
	LEAQ (DI)(R8*8), SI
	PREFETCH8(0)
	PREFETCH8(64)
	PREFETCH8(128)
	LOAD8(0, Z8, Z11, Z14, Z17, Z20, Z23, Z26, Z29)
	CMPQ R13, $16
	JLT  start
	LOAD8(64, Z9, Z12, Z15, Z18, Z21, Z24, Z27, Z30)
	JEQ  start
	LOAD8(128, Z10, Z13, Z16, Z19, Z22, Z25, Z28, Z31)
start:
	STRIDES(ar+56(FP))
	CMPQ R13, $16
	JLT  loop1
	JEQ  loop2
loop3:
	VMOVUPD (BX), Z0
	VMOVUPD 64(BX), Z1
	VMOVUPD 128(BX), Z2
	ROW3((AX),         Z3, Z0, Z1, Z2, Z8, Z9, Z10)
	ROW3((AX)(R8*1),   Z4, Z0, Z1, Z2, Z11, Z12, Z13)
	ROW3((AX)(R8*2),   Z5, Z0, Z1, Z2, Z14, Z15, Z16)
	ROW3((AX)(R9*1),   Z6, Z0, Z1, Z2, Z17, Z18, Z19)
	ROW3((AX)(R8*4),   Z7, Z0, Z1, Z2, Z20, Z21, Z22)
	ROW3((AX)(R10*1),  Z3, Z0, Z1, Z2, Z23, Z24, Z25)
	ROW3((AX)(R9*2),   Z4, Z0, Z1, Z2, Z26, Z27, Z28)
	ROW3((AX)(R11*1),  Z5, Z0, Z1, Z2, Z29, Z30, Z31)
	NEXT(loop3)
	STRIDES(zr+24(FP))
	STORE8(128, Z10, Z13, Z16, Z19, Z22, Z25, Z28, Z31)
	JMP  done2
loop2:
	VMOVUPD (BX), Z0
	VMOVUPD 64(BX), Z1
	ROW2((AX),         Z3, Z0, Z1, Z8, Z9)
	ROW2((AX)(R8*1),   Z4, Z0, Z1, Z11, Z12)
	ROW2((AX)(R8*2),   Z5, Z0, Z1, Z14, Z15)
	ROW2((AX)(R9*1),   Z6, Z0, Z1, Z17, Z18)
	ROW2((AX)(R8*4),   Z7, Z0, Z1, Z20, Z21)
	ROW2((AX)(R10*1),  Z3, Z0, Z1, Z23, Z24)
	ROW2((AX)(R9*2),   Z4, Z0, Z1, Z26, Z27)
	ROW2((AX)(R11*1),  Z5, Z0, Z1, Z29, Z30)
	NEXT(loop2)
	STRIDES(zr+24(FP))
done2:
	STORE8(64, Z9, Z12, Z15, Z18, Z21, Z24, Z27, Z30)
	JMP  done1
loop1:
	VMOVUPD (BX), Z0
	ROW1((AX),         Z3, Z0, Z8)
	ROW1((AX)(R8*1),   Z4, Z0, Z11)
	ROW1((AX)(R8*2),   Z5, Z0, Z14)
	ROW1((AX)(R9*1),   Z6, Z0, Z17)
	ROW1((AX)(R8*4),   Z7, Z0, Z20)
	ROW1((AX)(R10*1),  Z3, Z0, Z23)
	ROW1((AX)(R9*2),   Z4, Z0, Z26)
	ROW1((AX)(R11*1),  Z5, Z0, Z29)
	NEXT(loop1)
	STRIDES(zr+24(FP))
done1:
	STORE8(0, Z8, Z11, Z14, Z17, Z20, Z23, Z26, Z29)
	VZEROUPPER
	RET

// func tileAVX2(z []float64, zr int, a []float64, ar, ac int, b []float64, bc, k, cols int, more bool)
//
// is the loop of tileAVX512 with 4 rows and 4, 8 or 12 columns.
TEXT ·tileAVX2(SB), NOSPLIT, $0-121
	TILEARGS
	ZERO4(Y4, Y7, Y10, Y13)
	ZERO4(Y5, Y8, Y11, Y14)
	ZERO4(Y6, Y9, Y12, Y15)
	CMPB more+120(FP), $0
	JEQ  start
	STRIDES(zr+24(FP))
	LEAQ (DI)(R8*4), SI
	PREFETCH4(0)
	PREFETCH4(64)
	LOAD4(0, Y4, Y7, Y10, Y13)
	CMPQ R13, $8
	JLT  start
	LOAD4(32, Y5, Y8, Y11, Y14)
	JEQ  start
	LOAD4(64, Y6, Y9, Y12, Y15)
start:
	STRIDES(ar+56(FP))
	CMPQ R13, $8
	JLT  loop1
	JEQ  loop2
loop3:
	VMOVUPD (BX), Y0
	VMOVUPD 32(BX), Y1
	VMOVUPD 64(BX), Y2
	ROW3((AX),         Y3, Y0, Y1, Y2, Y4, Y5, Y6)
	ROW3((AX)(R8*1),   Y3, Y0, Y1, Y2, Y7, Y8, Y9)
	ROW3((AX)(R8*2),   Y3, Y0, Y1, Y2, Y10, Y11, Y12)
	ROW3((AX)(R9*1),   Y3, Y0, Y1, Y2, Y13, Y14, Y15)
	NEXT(loop3)
	STRIDES(zr+24(FP))
	STORE4(64, Y6, Y9, Y12, Y15)
	JMP  done2
loop2:
	VMOVUPD (BX), Y0
	VMOVUPD 32(BX), Y1
	ROW2((AX),         Y3, Y0, Y1, Y4, Y5)
	ROW2((AX)(R8*1),   Y3, Y0, Y1, Y7, Y8)
	ROW2((AX)(R8*2),   Y3, Y0, Y1, Y10, Y11)
	ROW2((AX)(R9*1),   Y3, Y0, Y1, Y13, Y14)
	NEXT(loop2)
	STRIDES(zr+24(FP))
done2:
	STORE4(32, Y5, Y8, Y11, Y14)
	JMP  done1
loop1:
	VMOVUPD (BX), Y0
	ROW1((AX),         Y3, Y0, Y4)
	ROW1((AX)(R8*1),   Y3, Y0, Y7)
	ROW1((AX)(R8*2),   Y3, Y0, Y10)
	ROW1((AX)(R9*1),   Y3, Y0, Y13)
	NEXT(loop1)
	STRIDES(zr+24(FP))
done1:
	STORE4(0, Y4, Y7, Y10, Y13)
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
	STRIDES(width+24(FP))
loop:
	TRANSPOSE4(BX, X4, X5, X6, X7, Y4, Y5, Y6, Y7, Y0, Y1, Y2, Y3)
	STORE4(0, Y0, Y1, Y2, Y3)
	LEAQ (DI)(R8*4), DI
	ADDQ $32, BX
	SUBQ $4, R12
	JNZ  loop
	VZEROUPPER
	RET

// func peakAVX512(n int)
//
// runs 24 n independent fused multiply-adds of 8 numbers.
TEXT ·peakAVX512(SB), NOSPLIT, $0-8
	MOVQ n+0(FP), R12
	ZERO4(Z0, Z1, Z2, Z3)
	ZERO4(Z8, Z11, Z14, Z17)
	ZERO4(Z20, Z23, Z26, Z29)
	ZERO4(Z9, Z12, Z15, Z18)
	ZERO4(Z21, Z24, Z27, Z30)
	ZERO4(Z10, Z13, Z16, Z19)
	ZERO4(Z22, Z25, Z28, Z31)
loop:
	PEAK3(Z0, Z8, Z9, Z10)
	PEAK3(Z1, Z11, Z12, Z13)
	PEAK3(Z2, Z14, Z15, Z16)
	PEAK3(Z3, Z17, Z18, Z19)
	PEAK3(Z0, Z20, Z21, Z22)
	PEAK3(Z1, Z23, Z24, Z25)
	PEAK3(Z2, Z26, Z27, Z28)
	PEAK3(Z3, Z29, Z30, Z31)
	DECQ R12
	JNZ  loop
	VZEROUPPER
	RET

// func peakAVX2(n int)
//
// runs 12 n independent fused multiply-adds of 4 numbers: there are 16 registers.
TEXT ·peakAVX2(SB), NOSPLIT, $0-8
	MOVQ n+0(FP), R12
	ZERO4(Y0, Y1, Y2, Y3)
	ZERO4(Y4, Y7, Y10, Y13)
	ZERO4(Y5, Y8, Y11, Y14)
	ZERO4(Y6, Y9, Y12, Y15)
loop:
	PEAK3(Y0, Y4, Y5, Y6)
	PEAK3(Y1, Y7, Y8, Y9)
	PEAK3(Y2, Y10, Y11, Y12)
	PEAK3(Y3, Y13, Y14, Y15)
	DECQ R12
	JNZ  loop
	VZEROUPPER
	RET
