use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::Body,
    extract::{MatchedPath, Request},
    middleware::{self, Next},
    response::Response,
};
use http_body::{Frame, SizeHint};
use seaworthy_core::{Code, context};
use seaworthy_http::{Routes, is_grpc, layer_rejection};

use crate::{HookCall, HookPoint, Plugins, host::Unfinished};

/// Calls the hooks around requests: `before_request`, `after_request`, `before_response` and
/// `after_response`.
pub(crate) fn hooked(routes: Routes, plugins: &Plugins) -> Routes {
    let plugins = plugins.clone();
    routes.layer(middleware::from_fn(move |request: Request, next: Next| {
        let plugins = plugins.clone();
        async move { call(&plugins, request, next).await }
    }))
}

async fn call(plugins: &Plugins, request: Request, next: Next) -> Response {
    if context::with_current(|context| plugins.begins_without_plugins(context)) {
        return next.run(request).await;
    }
    // The box keeps the future of other requests small.
    Box::pin(call_hooked(plugins, request, next)).await
}

async fn call_hooked(plugins: &Plugins, request: Request, next: Next) -> Response {
    let context = context::current();
    let table = plugins.for_request(context.as_deref());
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
    let before = plugins.run(&table, HookPoint::BeforeRequest, data, context.as_deref());
    let data = match before.await {
        Ok(report) => table.later_call(report.call),
        Err(error) => return layer_rejection(error, is_grpc),
    };
    let points = &[HookPoint::AfterRequest, HookPoint::AfterResponse];
    let mut unfinished = plugins.unfinished(&table, points, data.clone(), explain);
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    let data = data.with_metadata("status", status);
    unfinished.points = &[HookPoint::AfterResponse];
    let after = plugins.run_after(
        &table,
        HookPoint::AfterRequest,
        data.clone(),
        context.as_ref(),
    );
    after.await;
    let before = plugins.run(
        &table,
        HookPoint::BeforeResponse,
        data.clone(),
        context.as_deref(),
    );
    if let Err(error) = before.await {
        drop(unfinished.finish());
        return layer_rejection(error, is_grpc);
    }
    // The body is dropped at its end. This calls `after_response` with the status.
    unfinished.call = data;
    unfinished.explain = None;
    response.map(|inner| {
        Body::new(Observed {
            inner,
            _after: unfinished,
        })
    })
}

/// Adds the status of a request whose handler did not return.
fn explain(data: HookCall, end: Code) -> HookCall {
    data.with_metadata("status", end.http_status().to_string())
}

/// A body that drops `_after` at its end.
struct Observed {
    inner: Body,
    _after: Unfinished,
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
