//go:build amd64 && !purego && noavx512

package kernel

const noAVX512 = true // for tests of the other code on a machine that has AVX-512
