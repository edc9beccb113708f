// Vault's own core with the two engines that services use, behind its own HTTP: `vault ADDRESS FOLDER`. It keeps everything in the folder, and the process that starts it initialises and
// unseals it. The whole `vault` command would build the plugins of every cloud and database too.
//
// Vault is under the Business Source License (BUSL-1.1). It is used for tests only: nothing that is shipped holds a part of it.
package main

import (
	"log"
	"net"
	"net/http"
	"os"

	"github.com/hashicorp/go-hclog"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/builtin/logical/transit"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/internalshared/configutil"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical/file"
	"github.com/hashicorp/vault/vault"
)

var engines = map[string]logical.Factory{"kv": kv.Factory, "transit": transit.Factory}

// registry is Vault's list of what is built in.
type registry struct{}

func (registry) Contains(name string, kind consts.PluginType) bool {
	return kind == consts.PluginTypeSecrets && engines[name] != nil
}

func (registry registry) Get(name string, kind consts.PluginType) (func() (interface{}, error), bool) {
	return func() (interface{}, error) { return engines[name], nil }, registry.Contains(name, kind)
}

func (registry) Keys(kind consts.PluginType) []string {
	if kind != consts.PluginTypeSecrets {
		return nil
	}
	return []string{"kv", "transit"}
}

func (registry registry) DeprecationStatus(name string, kind consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Supported, registry.Contains(name, kind)
}

func (registry) IsBuiltinEntPlugin(string, consts.PluginType) bool { return false }

func main() {
	address, folder := os.Args[1], os.Args[2]
	logger := hclog.New(&hclog.LoggerOptions{Name: "vault", Level: hclog.Info})
	storage, err := file.NewFileBackend(map[string]string{"path": folder}, logger)
	if err != nil {
		log.Fatal(err)
	}
	core, err := vault.NewCore(&vault.CoreConfig{
		Physical:        storage,
		StorageType:     "file",
		LogicalBackends: engines,
		BuiltinRegistry: registry{},
		DisableMlock:    true,
		Logger:          logger,
	})
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	handler := vaulthttp.Handler.Handler(&vault.HandlerProperties{
		Core:           core,
		ListenerConfig: &configutil.Listener{Address: address, TLSDisable: true},
	})
	log.Fatal(http.Serve(listener, handler))
}
