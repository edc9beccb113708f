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

/// Larger than any answer of the workloads.
const BUFFER: usize = 8 * 1_024;

/// What one run of the load client saw.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) elapsed: Duration,
    /// Of every request, in nanoseconds, in no order.
    pub(crate) latencies: Vec<u64>,
}

/// Requests that are sent one after the other, again and again.
pub(crate) type Requests = Arc<[Vec<u8>]>;

/// A connection that sends requests and waits for each answer.
struct Connection {
    socket: TcpStream,
    requests: Requests,
    next: usize,
    buffer: Vec<u8>,
}

/// Speaks what the workload needs.
enum Client {
    Http(Connection),
    Grpc(Calls),
}

impl Client {
    async fn new(socket: TcpStream, workload: Workload) -> Result<Self, Failure> {
        Ok(match workload {
            Workload::EmptyGet | Workload::JsonEcho => {
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

/// The length of the answer at the start of a buffer, once its head is complete; an error when it is not a 200 with a length.
fn answer_length(bytes: &[u8]) -> Result<Option<usize>, Failure> {
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
        .ok_or("the answer has no length")?;
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

    fn is_whole(&self, filled: usize) -> Result<bool, Failure> {
        let bytes = self.buffer.get(..filled).unwrap_or_default();
        Ok(answer_length(bytes)?.is_some_and(|length| filled >= length))
    }

    async fn exchange(&mut self) -> Result<(), Failure> {
        let request = self.requests.get(self.next % self.requests.len().max(1));
        self.next += 1;
        self.socket
            .write_all(request.ok_or("there is nothing to send")?)
            .await?;
        let mut filled = 0;
        while !self.is_whole(filled)? {
            let free = self.buffer.get_mut(filled..).unwrap_or_default();
            match self.socket.read(free).await? {
                0 => return Err("the server closed the connection".into()),
                count => filled += count,
            }
        }
        Ok(())
    }
}

/// Keeps `connections` busy until the time is over. Runs on the calling thread alone.
pub(crate) fn run(
    address: SocketAddr,
    workload: Workload,
    connections: u32,
    time: Duration,
) -> Result<Measured, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let begin = Instant::now();
        let mut clients = JoinSet::new();
        for _ in 0..connections {
            clients.spawn(async move {
                let socket = TcpStream::connect(address).await?;
                socket.set_nodelay(true)?;
                let mut client = Client::new(socket, workload).await?;
                let mut latencies = Vec::with_capacity(100_000);
                let mut sent = Instant::now();
                while begin.elapsed() < time {
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
        Ok(Measured {
            elapsed: begin.elapsed(),
            latencies,
        })
    })
}

/// Keeps `connections` busy with these requests until the time is over, each beginning at another one; returns how many were answered. Runs on the calling thread alone.
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
        let begin = Instant::now();
        let mut clients = JoinSet::new();
        for number in 0..connections {
            let requests = Arc::clone(requests);
            clients.spawn(async move {
                let socket = TcpStream::connect(address).await?;
                socket.set_nodelay(true)?;
                let mut connection = Connection::new(socket, requests);
                connection.next = number * connection.requests.len() / connections.max(1);
                let mut answered = 0_u32;
                while begin.elapsed() < time {
                    connection.exchange().await?;
                    answered += 1;
                }
                Ok::<_, Failure>(answered)
            });
        }
        let mut answered = 0;
        while let Some(client) = clients.join_next().await {
            answered += client??;
        }
        Ok(answered)
    })
}

/// Each client sends its requests one after the other, over a connection of its own, until the time is over or it has none left. Runs on the calling thread alone.
pub(crate) fn answered(
    address: SocketAddr,
    clients: Vec<Requests>,
    time: Duration,
) -> Result<Measured, Failure> {
    exchanges(address, clients, move |begin, _| {
        (begin.elapsed() < time).then(Instant::now)
    })
}

/// So many requests a second, each client's in turn, however long answers take. A wait begins when the request was due. Runs on the calling thread alone.
pub(crate) fn paced(
    address: SocketAddr,
    clients: Vec<Requests>,
    a_second: u32,
) -> Result<Measured, Failure> {
    exchanges(address, clients, move |begin, number| {
        Some(begin + Duration::from_secs(1) * number / a_second)
    })
}

/// Sends the requests of each client over a connection of its own, each when it is due: `due` is told when all began, and the number of the request among those of all.
fn exchanges(
    address: SocketAddr,
    clients: Vec<Requests>,
    due: impl Fn(Instant, u32) -> Option<Instant> + Copy + Send + 'static,
) -> Result<Measured, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let begin = Instant::now();
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
                    let Some(due) = due(begin, number * all + client) else {
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
        Ok(Measured {
            elapsed: begin.elapsed(),
            latencies,
        })
    })
}

/// Sends exactly this many requests over one connection and closes it.
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

/// A collector that takes every export and forgets it, on a thread of its own. Returns its endpoint.
pub(crate) fn collector() -> Result<String, Failure> {
    let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0))?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            thread::spawn(move || swallow(socket));
        }
    });
    Ok(endpoint)
}

fn swallow(mut socket: std::net::TcpStream) {
    const ANSWER: &[u8] =
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
            if socket.write_all(ANSWER).is_err() {
                return;
            }
        }
    }
}
