use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

use crate::{Failure, calls::Calls, workload::Workload};

/// Size of the receive buffer, in bytes: larger than any response of the workloads.
const BUFFER: usize = 8 * 1_024;

#[derive(Debug)]
pub(crate) struct RunResult {
    pub(crate) elapsed: Duration,
    /// Latency of each request in nanoseconds, not sorted.
    pub(crate) latencies: Vec<u64>,
}

/// Requests that a connection sends in turn.
pub(crate) type Requests = Arc<[Vec<u8>]>;

/// A connection that waits for each response before the next request.
struct Connection {
    socket: TcpStream,
    requests: Requests,
    next: usize,
    buffer: Vec<u8>,
}

/// A client with the protocol of the workload.
enum Client {
    Http(Connection),
    Grpc(Calls),
}

impl Client {
    async fn new(socket: TcpStream, workload: Workload) -> Result<Self, Failure> {
        Ok(match workload {
            Workload::EmptyGet | Workload::BrowserGet | Workload::JsonEcho => {
                Self::Http(Connection::new(socket, [workload.request()].into()))
            }
            Workload::Call => Self::Grpc(Calls::open(socket, workload).await?),
        })
    }

    async fn exchange(&mut self) -> Result<(), Failure> {
        match self {
            Self::Http(connection) => connection.exchange().await,
            Self::Grpc(calls) => calls.exchange().await,
        }
    }
}

/// Returns the length of the response at the start of a buffer, if its head is complete. The
/// response must be a 200 with `Content-Length`.
fn response_length(bytes: &[u8]) -> Result<Option<usize>, Failure> {
    let Some(head) = memchr::memmem::find(bytes, b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(bytes.get(..head).unwrap_or_default())?;
    if !text.starts_with("HTTP/1.1 200 ") {
        return Err(format!("the server answered {text:?}").into());
    }
    let length = memchr::memmem::find(text.as_bytes(), b"content-length: ")
        .and_then(|at| text.get(at + b"content-length: ".len()..))
        .and_then(|rest| rest.split("\r\n").next())
        .and_then(|digits| digits.parse::<usize>().ok())
        .ok_or("the response has no content-length")?;
    Ok(Some(head + 4 + length))
}

impl Connection {
    fn new(socket: TcpStream, requests: Requests) -> Self {
        Self {
            socket,
            requests,
            next: 0,
            buffer: vec![0; BUFFER],
        }
    }

    fn is_complete(&self, filled: usize) -> Result<bool, Failure> {
        let bytes = self.buffer.get(..filled).unwrap_or_default();
        Ok(response_length(bytes)?.is_some_and(|length| filled >= length))
    }

    async fn exchange(&mut self) -> Result<(), Failure> {
        let request = self.requests.get(self.next % self.requests.len().max(1));
        self.next += 1;
        self.socket
            .write_all(request.ok_or("the list of requests is empty")?)
            .await?;
        let mut filled = 0;
        while !self.is_complete(filled)? {
            let free = self.buffer.get_mut(filled..).unwrap_or_default();
            match self.socket.read(free).await? {
                0 => return Err("the server closed the connection".into()),
                count => filled += count,
            }
        }
        Ok(())
    }
}

/// Sends requests on all connections until the time is over. Runs only on the calling thread.
pub(crate) fn run(
    address: SocketAddr,
    workload: Workload,
    connections: u32,
    time: Duration,
) -> Result<RunResult, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let start = Instant::now();
        let mut clients = JoinSet::new();
        for _ in 0..connections {
            clients.spawn(async move {
                let socket = TcpStream::connect(address).await?;
                socket.set_nodelay(true)?;
                let mut client = Client::new(socket, workload).await?;
                let mut latencies = Vec::with_capacity(100_000);
                let mut sent = Instant::now();
                while start.elapsed() < time {
                    client.exchange().await?;
                    let now = Instant::now();
                    latencies.push(u64::try_from((now - sent).as_nanos())?);
                    sent = now;
                }
                Ok::<_, Failure>(latencies)
            });
        }
        let mut latencies = Vec::new();
        while let Some(client) = clients.join_next().await {
            latencies.extend(client??);
        }
        Ok(RunResult {
            elapsed: start.elapsed(),
            latencies,
        })
    })
}

/// Sends these requests on all connections until the time is over, and returns the number of
/// responses. Each connection starts at another request. Runs only on the calling thread.
pub(crate) fn count(
    address: SocketAddr,
    requests: &Requests,
    connections: usize,
    time: Duration,
) -> Result<u32, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let start = Instant::now();
        let mut clients = JoinSet::new();
        for number in 0..connections {
            let requests = Arc::clone(requests);
            clients.spawn(async move {
                let socket = TcpStream::connect(address).await?;
                socket.set_nodelay(true)?;
                let mut connection = Connection::new(socket, requests);
                connection.next = number * connection.requests.len() / connections.max(1);
                let mut responses = 0_u32;
                while start.elapsed() < time {
                    connection.exchange().await?;
                    responses += 1;
                }
                Ok::<_, Failure>(responses)
            });
        }
        let mut responses = 0;
        while let Some(client) = clients.join_next().await {
            responses += client??;
        }
        Ok(responses)
    })
}

/// Sends the requests of each client on its own connection, until the time is over or no request is
/// left. Runs only on the calling thread.
pub(crate) fn saturate(
    address: SocketAddr,
    clients: Vec<Requests>,
    time: Duration,
) -> Result<RunResult, Failure> {
    send_when_due(address, clients, move |start, _| {
        (start.elapsed() < time).then(Instant::now)
    })
}

/// Sends requests at a fixed rate, independent of response times. Latencies start at the time at
/// which a request is due. Runs only on the calling thread.
pub(crate) fn send_at_rate(
    address: SocketAddr,
    clients: Vec<Requests>,
    rate: u32,
) -> Result<RunResult, Failure> {
    send_when_due(address, clients, move |start, number| {
        Some(start + Duration::from_secs(1) * number / rate)
    })
}

/// Sends the requests of each client on its own connection. `due` gets the start of the run and the
/// number of a request, and returns when to send it.
fn send_when_due(
    address: SocketAddr,
    clients: Vec<Requests>,
    due: impl Fn(Instant, u32) -> Option<Instant> + Copy + Send + 'static,
) -> Result<RunResult, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let start = Instant::now();
        let mut running = JoinSet::new();
        let all = u32::try_from(clients.len())?;
        for (client, requests) in (0_u32..).zip(clients) {
            running.spawn(async move {
                let socket = TcpStream::connect(address).await?;
                socket.set_nodelay(true)?;
                let count = u32::try_from(requests.len())?;
                let mut connection = Connection::new(socket, requests);
                let mut latencies = Vec::new();
                for number in 0..count {
                    let Some(due) = due(start, number * all + client) else {
                        break;
                    };
                    tokio::time::sleep_until(due.into()).await;
                    connection.exchange().await?;
                    latencies.push(u64::try_from(due.elapsed().as_nanos())?);
                }
                Ok::<_, Failure>(latencies)
            });
        }
        let mut latencies = Vec::new();
        while let Some(client) = running.join_next().await {
            latencies.extend(client??);
        }
        Ok(RunResult {
            elapsed: start.elapsed(),
            latencies,
        })
    })
}

/// Sends a number of requests on one connection, and closes it.
pub(crate) fn send(address: SocketAddr, workload: Workload, requests: u32) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        let mut client = Client::new(socket, workload).await?;
        for _ in 0..requests {
            client.exchange().await?;
        }
        Ok(())
    })
}

/// Starts an OTLP collector that discards all exports, on its own thread. Returns its endpoint.
pub(crate) fn start_collector() -> Result<String, Failure> {
    let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0))?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            thread::spawn(move || discard(socket));
        }
    });
    Ok(endpoint)
}

fn discard(mut socket: std::net::TcpStream) {
    const RESPONSE: &[u8] =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
    let mut bytes = Vec::new();
    let mut chunk = vec![0; 64 * 1_024];
    loop {
        match socket.read(&mut chunk) {
            Ok(0) | Err(_) => return,
            Ok(count) => bytes.extend_from_slice(chunk.get(..count).unwrap_or_default()),
        }
        let Some(head) = memchr::memmem::find(&bytes, b"\r\n\r\n") else {
            continue;
        };
        let text =
            String::from_utf8_lossy(bytes.get(..head).unwrap_or_default()).to_ascii_lowercase();
        let length = text
            .split("content-length: ")
            .nth(1)
            .and_then(|rest| rest.split("\r\n").next())
            .and_then(|digits| digits.parse::<usize>().ok())
            .unwrap_or_default();
        if bytes.len() >= head + 4 + length {
            bytes.drain(..head + 4 + length);
            if socket.write_all(RESPONSE).is_err() {
                return;
            }
        }
    }
}
