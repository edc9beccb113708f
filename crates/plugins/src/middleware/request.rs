use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    body::Body,
    extract::{MatchedPath, Request},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use http_body::{Frame, SizeHint};
use seaworthy_core::{Error, RequestContext, context};
use seaworthy_http::{Routes, grpc_rejection, is_grpc};
use tokio::sync::Semaphore;

use crate::{HookCall, HookPoint, Plugins, plugins::RequestPlugins};

/// The maximum number of requests whose hooks `after_response` run. More waiting requests mean that
/// the hooks are slower than the requests.
const MAX_ENDED: usize = 1_000;

/// Calls the hooks around requests: `before_request`, `after_request`, `before_response` and
/// `after_response`.
pub(crate) fn hooked(routes: Routes, plugins: &Plugins) -> Routes {
    let plugins = plugins.clone();
    let ended = Arc::new(Semaphore::new(MAX_ENDED));
    routes.layer(middleware::from_fn(move |request: Request, next: Next| {
        let (plugins, ended) = (plugins.clone(), Arc::clone(&ended));
        async move { call(&plugins, ended, request, next).await }
    }))
}

async fn call(plugins: &Plugins, ended: Arc<Semaphore>, request: Request, next: Next) -> Response {
    let context = context::current();
    let context = context.as_deref();
    let table = plugins.for_request(context);
    table.keep_values();
    if table.is_empty() {
        return next.run(request).await;
    }
    let is_grpc = is_grpc(request.headers());
    let path = request.extensions().get::<MatchedPath>();
    let path = path.map_or_else(|| request.uri().path(), MatchedPath::as_str);
    let data = HookCall::new()
        .with_metadata("method", request.method().as_str())
        .with_metadata("path", path);
    let before = plugins.run(&table, HookPoint::BeforeRequest, data, context);
    let data = match before.await {
        Ok(report) => table.later_call(report.call),
        Err(error) => return rejected(error, is_grpc),
    };
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    let data = data.with_metadata("status", status);
    let after = plugins.run(&table, HookPoint::AfterRequest, data.clone(), context);
    drop(after.await);
    match plugins
        .run(&table, HookPoint::BeforeResponse, data.clone(), context)
        .await
    {
        Ok(_) => {}
        Err(error) => return rejected(error, is_grpc),
    }
    let after = AfterResponse {
        plugins: plugins.clone(),
        table,
        data,
        context: context::current(),
        ended,
    };
    response.map(|inner| {
        Body::new(Observed {
            inner,
            _after: after,
        })
    })
}

fn rejected(error: Error, is_grpc: bool) -> Response {
    match is_grpc {
        true => grpc_rejection(error),
        false => error.into_response(),
    }
}

/// Calls the hooks `after_response` when it is dropped, at the end of the body or the connection.
struct AfterResponse {
    plugins: Plugins,
    table: Arc<RequestPlugins>,
    data: HookCall,
    context: Option<Arc<RequestContext>>,
    /// Limits the tasks of all requests.
    ended: Arc<Semaphore>,
}

impl Drop for AfterResponse {
    fn drop(&mut self) {
        let point = HookPoint::AfterResponse;
        if self.table.at(point).is_empty() {
            return;
        }
        let Ok(permit) = Arc::clone(&self.ended).try_acquire_owned() else {
            self.skip();
            return;
        };
        let (plugins, table) = (self.plugins.clone(), Arc::clone(&self.table));
        let (data, context) = (std::mem::take(&mut self.data), self.context.take());
        let tasks = plugins.0.tasks.clone();
        let hooks = async move {
            let context = context::current();
            drop(plugins.run(&table, point, data, context.as_deref()).await);
            drop(permit);
        };
        // The task of a connection, which usually drops this, has no context of a request.
        match context {
            Some(context) => {
                let hooks = context::scope(context, hooks);
                tasks.spawn("plugin-after-response", hooks)
            }
            None => tasks.spawn("plugin-after-response", hooks),
        };
    }
}

impl AfterResponse {
    /// Counts the hooks that do not run, because too many of other requests run.
    fn skip(&self) {
        let hooks = self.table.at(HookPoint::AfterResponse);
        hooks.iter().for_each(|hook| {
            self.plugins.record_failed_hook(hook.plugin.name());
        });
        let max = MAX_ENDED;
        tracing::warn!(
            max,
            "too many hooks after_response run: those of a request are skipped"
        );
    }
}

/// A body that drops `_after` at its end.
struct Observed {
    inner: Body,
    _after: AfterResponse,
}

impl http_body::Body for Observed {
    type Data = axum::body::Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        waker: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.inner).poll_frame(waker)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
