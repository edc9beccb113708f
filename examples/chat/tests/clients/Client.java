import io.socket.client.Ack;
import io.socket.client.AckWithTimeout;
import io.socket.client.IO;
import io.socket.client.Socket;
import java.io.IOException;
import java.net.URI;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.json.JSONObject;

/** Sends messages until stdin ends, each until it is acknowledged. Arguments: URL, token, prefix of identifiers. */
public class Client {
    public static void main(String[] arguments) throws Exception {
        var options = IO.Options.builder()
            .setTransports(new String[] {"websocket"})
            .setAuth(Map.of("token", arguments[1]))
            .setReconnectionDelay(50)
            .setReconnectionDelayMax(500)
            .build();
        Socket socket = IO.socket(URI.create(arguments[0]), options);
        var stopped = new AtomicBoolean();
        new Thread(() -> {
            try {
                System.in.readAllBytes();
            } catch (IOException error) {
                System.err.println(error);
            }
            stopped.set(true);
        }).start();
        socket.on(Socket.EVENT_CONNECT, data -> {
            System.out.println("connected");
            socket.emit("join", new Object[] {"harbour"}, (Ack) answer -> {});
        });
        socket.on(Socket.EVENT_DISCONNECT, data -> System.out.println("disconnected " + data[0]));
        socket.on("server:draining", data -> System.out.println("draining"));
        socket.on("said", data -> System.out.println("said " + ((JSONObject) data[0]).optString("id")));
        socket.connect();
        for (int number = 0; !stopped.get(); number++) {
            String id = arguments[2] + "-" + number;
            while (!say(socket, id)) {
                Thread.sleep(20);
            }
            System.out.println("acknowledged " + id);
            Thread.sleep(40);
        }
        System.out.println("done " + socket.connected());
        socket.disconnect();
        System.exit(0);
    }

    private static boolean say(Socket socket, String id) throws Exception {
        var acknowledged = new CompletableFuture<Boolean>();
        var message = new JSONObject(Map.of("id", id, "room", "harbour", "text", "ahoy"));
        socket.emit("say", new Object[] {message}, new AckWithTimeout(1000) {
            @Override
            public void onSuccess(Object... answer) {
                acknowledged.complete(((JSONObject) answer[0]).optBoolean("ok"));
            }

            @Override
            public void onTimeout() {
                acknowledged.complete(false);
            }
        });
        return acknowledged.get();
    }
}
