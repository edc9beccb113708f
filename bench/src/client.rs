use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    thread,
    time::Instant,
};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use seaworthy_client::HttpClient;

use crate::{Failure, statistics::median};

/// Number of calls per round.
const CALLS: u32 = 2_000;
const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello";

/// The clients of the benchmark.
#[derive(Debug, Clone)]
enum Caller {
    Hyper(Box<Client<HttpConnector, Empty<Bytes>>>),
    Reqwest(reqwest::Client),
    Seaworthy(HttpClient),
}

impl Caller {
    const fn name(&self) -> &'static str {
        match self {
            Self::Hyper(_) => "bare hyper",
            Self::Reqwest(_) => "reqwest",
            Self::Seaworthy(_) => "seaworthy, every limit on",
        }
    }

    async fn call(&self, url: &str) -> Result<Bytes, Failure> {
        Ok(match self {
            Self::Hyper(client) => {
                let answer = client
                    .request(Request::get(url).body(Empty::new())?)
                    .await?;
                answer.into_body().collect().await?.to_bytes()
            }
            Self::Reqwest(client) => client.get(url).send().await?.bytes().await?,
            Self::Seaworthy(client) => client.get(url).send().await?.bytes().await?,
        })
    }

    /// Returns the mean time of a call in microseconds.
    async fn measure(&self, url: &str) -> Result<f64, Failure> {
        let start = Instant::now();
        for _ in 0..CALLS {
            if self.call(url).await? != "hello" {
                return Err("another answer than was sent".into());
            }
        }
        Ok(start.elapsed().as_secs_f64() * 1e6 / f64::from(CALLS))
    }
}

/// Sends sequential calls on one connection per client, in turns. A server thread sends constant
/// bytes.
pub(crate) fn run(rounds: u32) -> Result<(), Failure> {
    let url = format!("http://{}/", serve()?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let callers = [
        Caller::Hyper(Box::new(Client::builder(TokioExecutor::new()).build_http())),
        Caller::Reqwest(reqwest::Client::builder().no_proxy().build()?),
        Caller::Seaworthy(HttpClient::builder("bench").build()?),
    ];
    let mut rows: Vec<(Caller, Vec<f64>)> = callers
        .into_iter()
        .map(|caller| (caller, Vec::new()))
        .collect();
    runtime.block_on(async {
        for round in 0..rounds {
            // The order alternates, so that drift affects all clients equally.
            if round % 2 == 1 {
                rows.reverse();
            }
            for (caller, taken) in &mut rows {
                taken.push(caller.measure(&url).await?);
            }
            if round % 2 == 1 {
                rows.reverse();
            }
        }
        Ok::<(), Failure>(())
    })?;
    let least = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
    let bare = rows.first().map_or(f64::NAN, |(_, taken)| least(taken));
    let mut out = io::stdout().lock();
    writeln!(out, "one GET after the other, {rounds} rounds of {CALLS}")?;
    writeln!(
        out,
        "{:<24} {:>10} {:>10} {:>10}",
        "", "least us", "median us", "of hyper"
    )?;
    for (caller, taken) in &rows {
        writeln!(
            out,
            "{:<24} {:>10.1} {:>10.1} {:>10.2}",
            caller.name(),
            least(taken),
            median(taken),
            least(taken) / bare
        )?;
    }
    Ok(())
}

/// Answers each request on each connection with the same bytes.
fn serve() -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            thread::spawn(move || {
                let _ = stream.set_nodelay(true);
                let mut buffer = [0; 4096];
                // These clients send a head in one piece.
                while let Ok(1..) = stream.read(&mut buffer) {
                    if stream.write_all(ANSWER).is_err() {
                        return;
                    }
                }
            });
        }
    });
    Ok(address)
}
