module seaworthy/dapr

go 1.24.6

// Everything else is of the version that this one asks for, and checked against Go's database of checksums.
require github.com/dapr/dapr v1.16.0
