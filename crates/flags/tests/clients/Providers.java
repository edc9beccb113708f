import dev.openfeature.contrib.providers.flagd.Config;
import dev.openfeature.contrib.providers.flagd.FlagdOptions;
import dev.openfeature.contrib.providers.flagd.FlagdProvider;
import dev.openfeature.contrib.providers.ofrep.OfrepProvider;
import dev.openfeature.contrib.providers.ofrep.OfrepProviderOptions;
import dev.openfeature.sdk.Client;
import dev.openfeature.sdk.EvaluationContext;
import dev.openfeature.sdk.FeatureProvider;
import dev.openfeature.sdk.FlagEvaluationDetails;
import dev.openfeature.sdk.ImmutableContext;
import dev.openfeature.sdk.OpenFeatureAPI;
import dev.openfeature.sdk.Value;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Evaluates flags with the stock providers. Arguments: gRPC address, HTTP address. */
public class Providers {
    static void check(Object actual, Object expected, String name) {
        if (!expected.equals(actual)) {
            throw new AssertionError(name + ": " + actual + ", expected " + expected);
        }
    }

    static void evaluate(String name, Client client) {
        EvaluationContext ann =
                new ImmutableContext("ann", Map.of("plan", new Value("team"), "level", new Value(5)));
        FlagEvaluationDetails<Boolean> on = client.getBooleanDetails("beta", false, ann);
        check(on.getValue(), true, name + " " + on);
        check(on.getVariant(), "on", name);
        check(client.getBooleanValue("beta", true, new ImmutableContext("bob")), false, name);
        check(client.getIntegerValue("size", 0, ann), 5, name);
        check(client.getDoubleValue("ratio", 0.0, ann), 0.25, name);
        Value limits = client.getObjectValue("limits", new Value(), ann);
        check(limits.asStructure().getValue("files").asInteger(), 3, name);
        check(client.getBooleanDetails("missing", true, ann).getErrorCode().name(), "FLAG_NOT_FOUND", name);
        check(client.getStringDetails("beta", "x", ann).getErrorCode().name(), "TYPE_MISMATCH", name);
        check(client.getBooleanValue("disabled", true, ann), true, name);
    }

    public static void main(String[] arguments) {
        try {
            run(arguments);
            System.exit(0);
        } catch (Throwable failure) {
            failure.printStackTrace();
            // The threads of the providers would keep the process.
            System.exit(1);
        }
    }

    static void run(String[] arguments) throws Exception {
        String[] address = arguments[0].split(":");
        OpenFeatureAPI api = OpenFeatureAPI.getInstance();
        for (String resolver : new String[] {"rpc", "in-process"}) {
            FlagdOptions options = FlagdOptions.builder()
                    .host(address[0])
                    .port(Integer.parseInt(address[1]))
                    .tls(false)
                    .deadline(5000)
                    .resolverType(resolver.equals("rpc") ? Config.Resolver.RPC : Config.Resolver.IN_PROCESS)
                    .build();
            api.setProviderAndWait(resolver, (FeatureProvider) new FlagdProvider(options));
            evaluate(resolver, api.getClient(resolver));
        }
        OfrepProviderOptions ofrep =
                OfrepProviderOptions.builder().baseUrl("http://" + arguments[1]).build();
        api.setProviderAndWait("ofrep", (FeatureProvider) OfrepProvider.constructProvider(ofrep));
        evaluate("ofrep", api.getClient("ofrep"));
        CountDownLatch changed = new CountDownLatch(1);
        api.getClient("rpc").onProviderConfigurationChanged(event -> changed.countDown());
        System.out.println("ready");
        System.in.read();
        if (!changed.await(10, TimeUnit.SECONDS)) {
            throw new AssertionError("no event after a change");
        }
        System.out.println("done");
    }
}
