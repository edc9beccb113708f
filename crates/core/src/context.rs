//! The context of a request (CORE-2).
//!
//! The context is a task-local value, so code deep in a call tree reads it without a parameter. A
//! task that the service's own `spawn` starts inherits it, and so does a future in [`scope`]. A
//! plain `tokio::spawn` starts without a context.
//!
//! ```
//! use seaworthy_core::{RequestContext, ServiceIdentity, context};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let request = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"));
//! let expected = request.request_id().clone();
//! context::scope(request.into(), async move {
//!     let current = context::current().unwrap();
//!     assert_eq!(current.request_id(), &expected);
//! })
//! .await;
//! # });
//! ```

use std::{
    any::Any,
    fmt,
    future::Future,
    net::IpAddr,
    sync::{Arc, OnceLock, Weak},
};

use tokio::task::futures::TaskLocalFuture;

use crate::{
    Deadline, Grants, RequestId, RequestMemory, ServiceIdentity, SpanEvent, TraceContext,
    span_event::SpanEvents,
};

tokio::task_local! {
    static CURRENT: Arc<RequestContext>;
}

/// The properties of a request that every layer may read.
///
/// ```
/// use seaworthy_core::{Actor, RequestContext, ServiceIdentity};
///
/// let context = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"));
/// assert!(context.set_actor(Actor::new("user-7")));
/// assert!(!context.set_actor(Actor::new("user-8")), "the actor is set once");
/// assert_eq!(context.actor().map(Actor::as_str), Some("user-7"));
/// ```
#[derive(Debug)]
pub struct RequestContext {
    service: ServiceIdentity,
    request_id: RequestId,
    trace: TraceContext,
    deadline: Option<Deadline>,
    client_address: Option<IpAddr>,
    user_agent: Option<Box<str>>,
    actor: OnceLock<Actor>,
    tenant: OnceLock<Tenant>,
    grants: OnceLock<Grants>,
    memory: OnceLock<Weak<dyn RequestMemory>>,
    in_flight: OnceLock<Weak<dyn Any + Send + Sync>>,
    snapshots: [OnceLock<Arc<dyn Any + Send + Sync>>; 3],
    events: OnceLock<Arc<SpanEvents>>,
}

/// A state that the contexts of one request share until its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Snapshot {
    /// Feature flags.
    Flags,
    /// The hooks of plugins.
    Plugins,
    /// The call whose entry the operation log stores.
    OperationLog,
}

/// Counts a request as in flight until the last clone is dropped.
#[derive(Debug, Clone)]
#[must_use = "the request counts as in flight until this is dropped"]
pub struct InFlight {
    _permit: Arc<dyn Any + Send + Sync>,
}

/// The authenticated subject of a request.
///
/// ```
/// use seaworthy_core::Actor;
///
/// assert_eq!(Actor::new("user-7").as_str(), "user-7");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Actor(Arc<str>);

/// The tenant whose data a request may reach.
///
/// ```
/// use seaworthy_core::Tenant;
///
/// assert_eq!(Tenant::new("acme").as_str(), "acme");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tenant(Arc<str>);

impl Actor {
    /// Creates an actor. The identifier appears in logs, so it must not be a name or an e-mail
    /// address.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    /// Returns the identifier.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

impl Tenant {
    /// Creates a tenant.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    /// Returns the identifier.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl RequestContext {
    /// Creates the context of a received request.
    #[must_use]
    pub fn new(service: ServiceIdentity, request_id: RequestId, trace: TraceContext) -> Self {
        Self {
            service,
            request_id,
            trace,
            deadline: None,
            client_address: None,
            user_agent: None,
            actor: OnceLock::new(),
            tenant: OnceLock::new(),
            grants: OnceLock::new(),
            memory: OnceLock::new(),
            in_flight: OnceLock::new(),
            snapshots: Default::default(),
            events: OnceLock::new(),
        }
    }

    /// Creates the context of background work, with a new request ID and a new trace.
    #[must_use]
    pub fn background(service: ServiceIdentity) -> Self {
        Self::new(service, RequestId::generate(), TraceContext::root(false))
    }

    /// Sets the deadline.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Deadline) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Sets the client's address, read through trusted proxies (SEC-6).
    #[must_use]
    pub fn with_client_address(mut self, address: IpAddr) -> Self {
        self.client_address = Some(address);
        self
    }

    /// Sets the client's `User-Agent`.
    #[must_use]
    pub fn with_user_agent(mut self, user_agent: impl Into<Box<str>>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// Returns a copy under another span, for an outgoing call.
    #[must_use]
    pub fn with_trace(&self, trace: TraceContext) -> Self {
        self.copy(trace, self.deadline)
    }

    /// Returns a copy without the deadline, for work that must finish after it, such as recording
    /// the outcome of the request.
    #[must_use]
    pub fn without_deadline(&self) -> Self {
        self.copy(self.trace.clone(), None)
    }

    fn copy(&self, trace: TraceContext, deadline: Option<Deadline>) -> Self {
        Self {
            service: self.service.clone(),
            request_id: self.request_id.clone(),
            trace,
            deadline,
            client_address: self.client_address,
            user_agent: self.user_agent.clone(),
            actor: self.actor.clone(),
            tenant: self.tenant.clone(),
            grants: self.grants.clone(),
            memory: self.memory.clone(),
            in_flight: self.in_flight.clone(),
            snapshots: self.snapshots.clone(),
            events: self.events.clone(),
        }
    }

    /// Returns the service that handles the request.
    #[must_use]
    pub fn service(&self) -> &ServiceIdentity {
        &self.service
    }

    /// Returns the request ID.
    #[must_use]
    pub fn request_id(&self) -> &RequestId {
        &self.request_id
    }

    /// Returns the trace context of this service's own span.
    #[must_use]
    pub fn trace(&self) -> &TraceContext {
        &self.trace
    }

    /// Returns the deadline.
    #[must_use]
    pub fn deadline(&self) -> Option<Deadline> {
        self.deadline
    }

    /// Returns the client's address.
    #[must_use]
    pub fn client_address(&self) -> Option<IpAddr> {
        self.client_address
    }

    /// Returns the client's `User-Agent`.
    #[must_use]
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }

    /// Returns the actor after authentication.
    #[must_use]
    pub fn actor(&self) -> Option<&Actor> {
        self.actor.get()
    }

    /// Returns the tenant.
    #[must_use]
    pub fn tenant(&self) -> Option<&Tenant> {
        self.tenant.get()
    }

    /// Returns the roles and scopes of the actor. They are empty before authentication.
    #[must_use]
    pub fn grants(&self) -> Grants {
        self.grants.get().cloned().unwrap_or_default()
    }

    /// Charges memory that the request takes beyond the bytes of its body. Returns `false` if the
    /// process has no memory left for requests. Always succeeds for work without a memory budget.
    #[must_use]
    pub fn charge_memory(&self, bytes: u64) -> bool {
        let memory = self.memory.get().and_then(Weak::upgrade);
        memory.is_none_or(|memory| memory.charge(bytes))
    }

    /// Sets the memory budget. A later call is ignored and returns `false`.
    pub fn set_memory(&self, memory: Weak<dyn RequestMemory>) -> bool {
        self.memory.set(memory).is_ok()
    }

    /// Keeps the request in flight for load shedding (RES-7). Move the result into a task that
    /// continues after its client has disconnected. Otherwise clients can start more of this work
    /// than the service allows. Returns `None` if the request is not counted, such as a probe.
    ///
    /// ```
    /// use seaworthy_core::context;
    ///
    /// async fn render() -> Vec<u8> {
    ///     let in_flight = context::with_current(|context| context?.keep_in_flight());
    ///     let rendered = tokio::spawn(async move {
    ///         let _in_flight = in_flight;
    ///         // Long work.
    ///         Vec::new()
    ///     });
    ///     rendered.await.unwrap_or_default()
    /// }
    /// ```
    pub fn keep_in_flight(&self) -> Option<InFlight> {
        let permit = self.in_flight.get().and_then(Weak::upgrade)?;
        Some(InFlight { _permit: permit })
    }

    /// Sets the permit that counts the request as in flight. A later call is ignored and returns
    /// `false`.
    pub fn set_in_flight(&self, permit: Weak<dyn Any + Send + Sync>) -> bool {
        self.in_flight.set(permit).is_ok()
    }

    /// Returns the snapshot of a state that the request uses until its end. The first call sets it.
    /// A reload then does not change a flag or a plugin within a request. Copies of the context
    /// that are created later have the same snapshot.
    pub fn snapshot_or_init(
        &self,
        kind: Snapshot,
        current: impl FnOnce() -> Arc<dyn Any + Send + Sync>,
    ) -> &Arc<dyn Any + Send + Sync> {
        self.slot(kind).get_or_init(current)
    }

    /// Returns the snapshot of a state. `None` if the request has not set it.
    #[must_use]
    pub fn snapshot(&self, kind: Snapshot) -> Option<&Arc<dyn Any + Send + Sync>> {
        self.slot(kind).get()
    }

    fn slot(&self, kind: Snapshot) -> &OnceLock<Arc<dyn Any + Send + Sync>> {
        let [flags, plugins, operation_log] = &self.snapshots;
        match kind {
            Snapshot::Flags => flags,
            Snapshot::Plugins => plugins,
            Snapshot::OperationLog => operation_log,
        }
    }

    /// Adds an event to the span of the request, if it is sampled. `create` runs only then.
    pub fn add_span_event(&self, create: impl FnOnce() -> SpanEvent) {
        if self.trace.is_sampled() {
            self.events.get_or_init(Arc::default).push(create);
        }
    }

    /// Returns the events of the request's span, and removes them.
    #[must_use]
    pub fn take_span_events(&self) -> Vec<SpanEvent> {
        let events = self.events.get();
        events.map(|events| events.take()).unwrap_or_default()
    }

    /// Sets the actor. Returns `false` and changes nothing if it is already set.
    pub fn set_actor(&self, actor: Actor) -> bool {
        self.actor.set(actor).is_ok()
    }

    /// Sets the tenant. Returns `false` and changes nothing if it is already set.
    pub fn set_tenant(&self, tenant: Tenant) -> bool {
        self.tenant.set(tenant).is_ok()
    }

    /// Sets the roles and scopes. Returns `false` and changes nothing if they are already set.
    pub fn set_grants(&self, grants: Grants) -> bool {
        self.grants.set(grants).is_ok()
    }
}

/// Returns the context of the current task.
#[must_use]
pub fn current() -> Option<Arc<RequestContext>> {
    CURRENT.try_with(Arc::clone).ok()
}

/// Calls `read` once with the context of the current task. Unlike [`current`], it does not change
/// the reference count.
pub fn with_current<R>(mut read: impl FnMut(Option<&RequestContext>) -> R) -> R {
    match CURRENT.try_with(|context| read(Some(context))) {
        Ok(result) => result,
        Err(_) => read(None),
    }
}

/// Runs a future in a context.
pub fn scope<F: Future>(
    context: Arc<RequestContext>,
    future: F,
) -> TaskLocalFuture<Arc<RequestContext>, F> {
    CURRENT.scope(context, future)
}

/// Runs a closure in a context.
pub fn sync_scope<R>(context: Arc<RequestContext>, run: impl FnOnce() -> R) -> R {
    CURRENT.sync_scope(context, run)
}
