module hnn

go 1.24
