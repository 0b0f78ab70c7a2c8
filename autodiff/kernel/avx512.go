//go:build amd64 && !purego && !noavx512

package kernel

const noAVX512 = false
