module seaworthy/vault

go 1.25.3

require (
	github.com/hashicorp/vault v1.21.2
	// The one that this Vault was built with, which its go.mod replaces by a folder.
	github.com/hashicorp/vault/sdk v0.20.0
)

replace github.com/hashicorp/go-discover => ./discover
