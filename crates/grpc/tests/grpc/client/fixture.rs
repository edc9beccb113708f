//! A gRPC server with configurable replies.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::StreamExt as _;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use parking_lot::Mutex;
use seaworthy_grpc::client::{
    GrpcChannel, GrpcChannelBuilder, GrpcClientConfig, Resolve, ResolveFuture,
};
use tokio::{
    net::TcpListener,
    sync::{Notify, watch},
    task::JoinSet,
};
use tonic::{Code, Status, client::Grpc, codegen::http::uri::PathAndQuery};
use tonic_prost::ProstCodec;

pub(crate) const PATH: &str = "/test.Things/Get";
/// A method to which the server responds with `INTERNAL`.
pub(crate) const BROKEN: &str = "/test.Things/Break";
/// An empty message, as it goes over the wire.
const EMPTY: &[u8] = &[0; 5];

/// The reply of the server to a call.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Ok,
    /// A status in the headers, and another header.
    Status(Code, Option<(&'static str, &'static str)>),
    /// A message, and then an error status.
    LateStatus(Code),
    /// A message, and then a status with these details, as they are on the wire.
    LateDetails(Code, &'static str),
    /// A message, without trailers.
    CutOff,
    After(Duration),
    /// A message, and a stream that never ends.
    Stream,
    /// A message, then the end of the stream when the test signals it.
    StreamUntil(Arc<Notify>),
    Never,
}

type Decide = dyn Fn(usize) -> Reply + Send + Sync;

/// A server on loopback. Dropping it ends all connections.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    calls: Arc<AtomicUsize>,
    heads: Arc<Mutex<Vec<HeaderMap>>>,
    connections: Arc<AtomicUsize>,
    drain: watch::Sender<()>,
    _tasks: JoinSet<()>,
}

impl Server {
    pub(crate) async fn start(decide: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_on(TcpListener::bind("127.0.0.1:0").await.unwrap(), decide)
    }

    /// Starts a server. `decide` returns the reply to each call, by the number of earlier calls.
    pub(crate) fn start_on(
        listener: TcpListener,
        decide: impl Fn(usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let decide: Arc<Decide> = Arc::new(decide);
        let calls = Arc::new(AtomicUsize::new(0));
        let heads = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let drain = watch::Sender::new(());
        let (counted, seen) = (Arc::clone(&calls), Arc::clone(&heads));
        let (opened, drains) = (Arc::clone(&connections), drain.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut serving = JoinSet::new();
            // Dropped before the connections, so that clients do not connect to a server that ends.
            let listener = listener;
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (decide, calls) = (Arc::clone(&decide), Arc::clone(&counted));
                let heads = Arc::clone(&seen);
                opened.fetch_add(1, Ordering::SeqCst);
                let mut drained = drains.subscribe();
                serving.spawn(async move {
                    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
                        heads.lock().push(request.headers().clone());
                        let reply = decide(calls.fetch_add(1, Ordering::SeqCst));
                        let is_broken = request.uri().path() == BROKEN;
                        let reply = if is_broken {
                            Reply::Status(Code::Internal, None)
                        } else {
                            reply
                        };
                        async move { Ok::<_, Infallible>(answer(request, reply).await) }
                    });
                    let server = auto::Builder::new(TokioExecutor::new()).http2_only();
                    let connection = server.serve_connection(TokioIo::new(stream), service);
                    let mut connection = std::pin::pin!(connection);
                    tokio::select! {
                        _ = connection.as_mut() => return,
                        _ = drained.changed() => connection.as_mut().graceful_shutdown(),
                    }
                    let _ = connection.await;
                });
            }
        });
        Self {
            address,
            calls,
            heads,
            connections,
            drain,
            _tasks: tasks,
        }
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// The number of accepted connections.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Ends every connection gracefully (GOAWAY), as servers do at a stop or at the maximum age of
    /// connections. The server accepts new ones.
    pub(crate) fn drain(&self) {
        self.drain.send_replace(());
    }

    pub(crate) fn heads(&self) -> Vec<HeaderMap> {
        self.heads.lock().clone()
    }

    pub(crate) fn config(&self) -> GrpcClientConfig {
        GrpcClientConfig::new(format!("http://{}", self.address))
    }

    pub(crate) fn client(&self) -> GrpcChannelBuilder {
        GrpcChannel::builder("things", self.config())
    }
}

type HttpReply = Response<UnsyncBoxBody<Bytes, Infallible>>;

async fn answer(request: Request<Incoming>, reply: Reply) -> HttpReply {
    let _ = request.into_body().collect().await;
    let mut frames = vec![Frame::data(Bytes::from_static(EMPTY))];
    let trailers = |code: Code| {
        let code = i32::from(code).to_string();
        HeaderMap::from_iter([("grpc-status".parse().unwrap(), code.parse().unwrap())])
    };
    let mut head = Response::builder().header("content-type", "application/grpc");
    let goes_on = matches!(reply, Reply::Stream);
    let ends = match &reply {
        Reply::StreamUntil(sign) => Some(Arc::clone(sign)),
        _ => None,
    };
    match reply {
        Reply::Ok => frames.push(Frame::trailers(trailers(Code::Ok))),
        Reply::LateStatus(code) => frames.push(Frame::trailers(trailers(code))),
        Reply::LateDetails(code, details) => {
            let mut trailers = trailers(code);
            trailers.insert("grpc-status-details-bin", details.parse().unwrap());
            frames.push(Frame::trailers(trailers));
        }
        Reply::CutOff | Reply::Stream | Reply::StreamUntil(_) => {}
        Reply::Status(code, more) => {
            frames.clear();
            head = head.header("grpc-status", i32::from(code));
            if let Some((name, value)) = more {
                head = head.header(name, value);
            }
        }
        Reply::After(wait) => {
            tokio::time::sleep(wait).await;
            frames.push(Frame::trailers(trailers(Code::Ok)));
        }
        Reply::Never => std::future::pending().await,
    }
    let frames = futures::stream::iter(frames.into_iter().map(Ok));
    let body = if let Some(sign) = ends {
        let end = futures::stream::once(async move {
            sign.notified().await;
            Ok(Frame::trailers(trailers(Code::Ok)))
        });
        StreamBody::new(frames.chain(end)).boxed_unsync()
    } else if goes_on {
        StreamBody::new(frames.chain(futures::stream::pending())).boxed_unsync()
    } else {
        StreamBody::new(frames).boxed_unsync()
    };
    head.body(body).unwrap()
}

pub(crate) async fn send_to(
    channel: &GrpcChannel,
    path: &str,
    request: tonic::Request<()>,
) -> Result<(), Status> {
    let mut client = Grpc::new(channel.clone());
    client.ready().await.unwrap();
    let codec: ProstCodec<(), ()> = ProstCodec::default();
    let path: PathAndQuery = path.parse().unwrap();
    let answer = client.unary(request, path, codec).await;
    answer.map(tonic::Response::into_inner)
}

/// Reads the first message of a stream, and keeps the rest.
pub(crate) async fn listen(channel: &GrpcChannel) -> Result<tonic::Streaming<()>, Status> {
    let mut client = Grpc::new(channel.clone());
    client.ready().await.unwrap();
    let codec: ProstCodec<(), ()> = ProstCodec::default();
    let path = PathAndQuery::from_static(PATH);
    let answer = client
        .server_streaming(tonic::Request::new(()), path, codec)
        .await?;
    let mut stream = answer.into_inner();
    stream
        .message()
        .await?
        .ok_or_else(|| Status::internal("no message"))?;
    Ok(stream)
}

pub(crate) async fn send(channel: &GrpcChannel, request: tonic::Request<()>) -> Result<(), Status> {
    send_to(channel, PATH, request).await
}

pub(crate) async fn call(channel: &GrpcChannel) -> Result<(), Status> {
    send(channel, tonic::Request::new(())).await
}

/// A resolver with addresses of the test.
#[derive(Clone, Default)]
pub(crate) struct Names(pub(crate) Arc<Mutex<Vec<IpAddr>>>);

impl Resolve for Names {
    fn resolve(&self, _: &str) -> ResolveFuture {
        let addresses = self.0.lock().clone();
        Box::pin(async move { Ok(addresses) })
    }
}
