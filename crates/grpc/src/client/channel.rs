use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll},
};

use http::{HeaderMap, Request, Response, StatusCode};
use parking_lot::RwLock;
use seaworthy_client::Propagation;
use seaworthy_core::{Deadline, RequestContext, context};
use seaworthy_http::grpc_timeout;
use seaworthy_resilience::{
    CallError, Rejection, RejectionReason, policies::Policies, retry::ReplayBody,
};
use seaworthy_service::GrpcClientConfig;
use tokio::time::timeout_at;
use tonic::{Code, Status, body::Body};
use tower_service::Service;

use super::{
    GrpcChannelBuilder, GrpcClientError,
    balance::{Balancer, refused},
    body::BoundedBody,
    classify::StatusReport,
    factory::Factory,
    idempotent::MAX_REPLAY_SIZE,
    observe::{CallRecord, ClientMetrics},
    pipelines::Pipelines,
    transport::{Attempt, late},
};

/// Calls one dependency over gRPC, with its policies. Cheap to clone. All clones share connections,
/// policies and reloads of the settings.
///
/// ```
/// use seaworthy_grpc::client::{GrpcChannel, GrpcClientConfig};
///
/// # async fn assemble() -> Result<(), seaworthy_grpc::client::GrpcClientError> {
/// let config = GrpcClientConfig::new("http://orders:7000");
/// let channel = GrpcChannel::builder("orders", config).build()?;
/// // Generated: let orders = OrdersClient::new(channel);
/// # drop(channel);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct GrpcChannel(Arc<Shared>);

/// The state that clones share.
pub(super) struct Shared {
    factory: Factory,
    current: RwLock<Arc<Inner>>,
}

/// The channel with one version of its settings. A call uses the version with which it began.
pub(super) struct Inner {
    pub(super) config: GrpcClientConfig,
    pub(super) policies: Policies,
    pub(super) balancer: Arc<Balancer>,
    pub(super) pipelines: Pipelines,
    pub(super) propagation: Propagation,
    pub(super) metrics: ClientMetrics,
}

impl Shared {
    /// Applies new settings. Does not change the channel if they are not valid.
    pub(super) fn reload(&self, config: &GrpcClientConfig) -> Result<(), GrpcClientError> {
        let current = self.current();
        let is_same = GrpcClientConfig {
            policies: current.config.policies.clone(),
            ..config.clone()
        } == current.config;
        if !is_same {
            let reloaded = Arc::new(self.factory.build(config.clone())?);
            // Connections close outside of the lock.
            let previous = std::mem::replace(&mut *self.current.write(), reloaded);
            drop(previous);
        }
        Ok(())
    }

    pub(super) fn open_connections(&self) -> usize {
        self.current().balancer.open_connections()
    }

    fn current(&self) -> Arc<Inner> {
        Arc::clone(&self.current.read())
    }
}

/// The future of a response.
pub type GrpcCall = Pin<Box<dyn Future<Output = Result<Response<Body>, Status>> + Send>>;

impl GrpcChannel {
    /// Returns a builder for the channel to a dependency. Metrics, spans and policies have its
    /// name.
    #[must_use]
    pub fn builder(name: &str, config: GrpcClientConfig) -> GrpcChannelBuilder {
        GrpcChannelBuilder::new(name, config)
    }

    pub(super) fn new(factory: Factory, config: GrpcClientConfig) -> Result<Self, GrpcClientError> {
        let inner = factory.build(config)?;
        Ok(Self(Arc::new(Shared {
            factory,
            current: RwLock::new(Arc::new(inner)),
        })))
    }

    pub(super) fn downgrade(&self) -> Weak<Shared> {
        Arc::downgrade(&self.0)
    }

    /// The name of the dependency.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.factory.name
    }

    /// The policies of the dependency, such as its circuit breaker.
    #[must_use]
    pub fn policies(&self) -> &Policies {
        &self.0.factory.policies
    }
}

impl Inner {
    /// Returns the nearest of three deadlines: of the settings, of the call's own headers, and of
    /// the current request.
    fn deadline(&self, headers: &HeaderMap, context: Option<&RequestContext>) -> Deadline {
        let total = self.policies.total_timeout().get();
        let requested = grpc_timeout(headers).map_or(total, |requested| requested.min(total));
        let own = Deadline::after(requested);
        let outer = context.and_then(RequestContext::deadline);
        outer.map_or(own, |outer| own.min(outer))
    }

    async fn send(&self, mut request: Request<Body>) -> Result<Response<Body>, Status> {
        let parent = context::current();
        let deadline = self.deadline(request.headers(), parent.as_deref());
        let trace = parent.as_ref().map(|parent| parent.trace());
        let record = self.metrics.begin(request.uri().path(), trace);
        if deadline.has_passed() {
            return Err(record_failure(record, late()));
        }
        let propagation = self.propagation;
        propagation.apply(request.headers_mut(), parent.as_deref(), record.trace());
        request.extensions_mut().insert(Attempt {
            ends: deadline.instant(),
            attempts: Arc::clone(record.attempts()),
        });
        let request = request.map(|body| ReplayBody::new(body, MAX_REPLAY_SIZE));
        let mut pipeline = self.pipelines.of(request.uri().path());
        let sending = async move {
            poll_fn(|context| pipeline.poll_ready(context)).await?;
            pipeline.call(request).await
        };
        let ends = deadline.instant().into();
        let sent = timeout_at(ends, sending).await;
        let sent = sent.map_or_else(|_| Err(late()), |sent| sent.map_err(status));
        let mut response = match sent {
            Ok(response) => response,
            // The last attempt was not sent, so the dependency is unavailable and not slow.
            Err(status)
                if status.code() == Code::DeadlineExceeded && record.attempts().is_refused() =>
            {
                return Err(record_failure(record, refused()));
            }
            Err(status) => return Err(record_failure(record, status)),
        };
        let report = StatusReport::take_from(&mut response);
        // A response that is only a status has it in its headers.
        let record = match Status::from_header_map(response.headers()) {
            Some(status) => {
                record.finish(status.code());
                None
            }
            None => Some(record),
        };
        // Any other status than 200 comes from a proxy, and needs no gRPC status.
        let is_grpc = response.status() == StatusCode::OK;
        Ok(response.map(|body| Body::new(BoundedBody::new(body, ends, report, record, is_grpc))))
    }
}

fn record_failure(record: CallRecord, status: Status) -> Status {
    record.finish(status.code());
    status
}

fn status(error: CallError<Status>) -> Status {
    match error {
        CallError::Failed(status) => status,
        CallError::TimedOut(elapsed) => {
            let mut status = late();
            status.set_source(Arc::new(elapsed));
            status
        }
        CallError::Rejected(rejection) => rejection_status(rejection),
    }
}

fn rejection_status(rejection: Rejection) -> Status {
    let code = match rejection.reason() {
        RejectionReason::DeadlineExceeded => Code::DeadlineExceeded,
        RejectionReason::RateLimited => Code::ResourceExhausted,
        _ => Code::Unavailable,
    };
    let mut status = Status::new(code, rejection.to_string());
    status.set_source(Arc::new(rejection));
    status
}

impl Service<Request<Body>> for GrpcChannel {
    type Response = Response<Body>;
    type Error = Status;
    type Future = GrpcCall;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> GrpcCall {
        let inner = self.0.current();
        Box::pin(async move { inner.send(request).await })
    }
}

impl fmt::Debug for GrpcChannel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("GrpcChannel")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}
