module seaworthy/vault

go 1.25.3

// Everything else is of the version that this one asks for, and checked against Go's database of checksums.
require github.com/hashicorp/vault v1.21.2

// Vault asks every cloud for the other members of a cluster; what it asks with is half of all that would be built.
replace github.com/hashicorp/go-discover => ./discover
