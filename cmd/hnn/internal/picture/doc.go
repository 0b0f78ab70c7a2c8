// Package picture draws figures as SVG and PNG.
//
// A [Figure] says what is shown: panels, and in each panel layers of lines, dots, bands, arrows and words
// in the units of the data. [Figure.SVG] and [Figure.PNG] draw the same figure. The same figure
// gives the same bytes on every platform.
//
// Read figure.go first, then:
//
//	layout.go   where titles, keys, panels and ticks go
//	axis.go     which range an axis has, and where a number stands on it
//	layers.go   lines, dots, bands and arrows between the axes; clip.go cuts them there
//	ticks.go    which numbers stand at an axis
//	thin.go     how a million points become a small file
//	contour.go  level sets of a function on a grid
//	palette.go  the colours, light and dark
//	svg.go      writes SVG
//	raster.go   covers pixels; font.go has the letters, png.go the file
//	film.go     films and pictures of brightness: GIF and PNG, to read and to write
package picture
