// The runtime of Dapr with Redis for publish and subscribe, and for state. The whole `daprd` would build the clients of
// every cloud and database too.
package main

import (
	"context"
	"log"
	"os"

	"github.com/dapr/components-contrib/pubsub/redis"
	stateredis "github.com/dapr/components-contrib/state/redis"
	"github.com/dapr/dapr/cmd/daprd/options"
	"github.com/dapr/dapr/pkg/components/bindings"
	"github.com/dapr/dapr/pkg/components/configuration"
	"github.com/dapr/dapr/pkg/components/conversation"
	"github.com/dapr/dapr/pkg/components/crypto"
	"github.com/dapr/dapr/pkg/components/lock"
	"github.com/dapr/dapr/pkg/components/middleware/http"
	"github.com/dapr/dapr/pkg/components/nameresolution"
	"github.com/dapr/dapr/pkg/components/pubsub"
	"github.com/dapr/dapr/pkg/components/secretstores"
	"github.com/dapr/dapr/pkg/components/state"
	"github.com/dapr/dapr/pkg/healthz"
	"github.com/dapr/dapr/pkg/metrics"
	"github.com/dapr/dapr/pkg/modes"
	"github.com/dapr/dapr/pkg/runtime"
	"github.com/dapr/dapr/pkg/runtime/registry"
	"github.com/dapr/dapr/pkg/security"
	"github.com/dapr/kit/concurrency"
	"github.com/dapr/kit/logger"
	"github.com/dapr/kit/signals"
)

func main() {
	flags, err := options.New(os.Args[1:])
	if err != nil {
		log.Fatal(err)
	}
	if err := logger.ApplyOptionsToLoggers(&flags.Logger); err != nil {
		log.Fatal(err)
	}
	logs := logger.NewLogger("dapr.test")
	pubsub.DefaultRegistry.Logger = logs
	pubsub.DefaultRegistry.RegisterComponent(redis.NewRedisStreams, "redis")
	state.DefaultRegistry.Logger = logs
	state.DefaultRegistry.RegisterComponent(stateredis.NewRedisStateStore, "redis")
	components := registry.NewOptions().
		WithPubSubs(pubsub.DefaultRegistry).
		WithSecretStores(secretstores.DefaultRegistry).
		WithStateStores(state.DefaultRegistry).
		WithConfigurations(configuration.DefaultRegistry).
		WithLocks(lock.DefaultRegistry).
		WithNameResolutions(nameresolution.DefaultRegistry).
		WithBindings(bindings.DefaultRegistry).
		WithCryptoProviders(crypto.DefaultRegistry).
		WithHTTPMiddlewares(http.DefaultRegistry).
		WithConversations(conversation.DefaultRegistry)

	ctx, health := signals.Context(), healthz.New()
	secure, err := security.New(ctx, security.Options{
		ControlPlaneTrustDomain: flags.ControlPlaneTrustDomain,
		ControlPlaneNamespace:   flags.ControlPlaneNamespace,
		AppID:                   flags.AppID,
		Mode:                    modes.DaprMode(flags.Mode),
		Healthz:                 health,
	})
	if err != nil {
		log.Fatal(err)
	}
	run := func(ctx context.Context) error {
		handler, err := secure.Handler(ctx)
		if err != nil {
			return err
		}
		dapr, err := runtime.FromConfig(ctx, &runtime.Config{
			AppID:                         flags.AppID,
			ResourcesPath:                 flags.ResourcesPath,
			AppProtocol:                   flags.AppProtocol,
			Mode:                          flags.Mode,
			DaprHTTPPort:                  flags.DaprHTTPPort,
			DaprInternalGRPCPort:          flags.DaprInternalGRPCPort,
			DaprInternalGRPCListenAddress: flags.DaprInternalGRPCListenAddress,
			DaprAPIGRPCPort:               flags.DaprAPIGRPCPort,
			DaprAPIListenAddresses:        flags.DaprAPIListenAddresses,
			DaprPublicListenAddress:       flags.DaprPublicListenAddress,
			ProfilePort:                   flags.ProfilePort,
			MaxRequestSize:                flags.MaxRequestSize,
			ReadBufferSize:                flags.ReadBufferSize,
			DaprGracefulShutdownSeconds:   flags.DaprGracefulShutdownSeconds,
			AllowedOrigins:                flags.AllowedOrigins,
			AppHealthProbeInterval:        flags.AppHealthProbeInterval,
			AppHealthProbeTimeout:         flags.AppHealthProbeTimeout,
			AppHealthThreshold:            flags.AppHealthThreshold,
			AppChannelAddress:             flags.AppChannelAddress,
			SchedulerStreams:              flags.SchedulerJobStreams,
			Config:                        flags.Config,
			Metrics: metrics.Options{
				Enabled:       flags.Metrics.Enabled(),
				Log:           logs,
				Port:          flags.Metrics.Port(),
				Namespace:     metrics.DefaultMetricNamespace,
				Healthz:       health,
				ListenAddress: flags.Metrics.ListenAddress(),
			},
			Registry: components,
			Security: handler,
			Healthz:  health,
		})
		if err != nil {
			return err
		}
		return dapr.Run(ctx)
	}
	if err := concurrency.NewRunnerManager(secure.Run, run).Run(ctx); err != nil {
		log.Fatal(err)
	}
}
