use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use axum::body::Body;
use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt as _;
use seaworthy_http::PublicErrorBody;
use tower_service::Service;

/// Trailers of a successful response, as an extension. tonic has no other way to set them.
#[derive(Debug, Clone)]
pub(crate) struct Trailers(pub(crate) HeaderMap);

/// Sends the trailers of responses, and the messages of errors that the runner requests.
#[derive(Debug, Clone)]
pub(crate) struct WithTrailers<S>(pub(crate) S);

impl<S> Service<Request<Body>> for WithTrailers<S>
where
    S: Service<
            Request<Body>,
            Response = Response<tonic::body::Body>,
            Error = Infallible,
            Future: Send + 'static,
        >,
{
    type Response = Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let answer = self.0.call(request);
        Box::pin(async move {
            let mut response = answer.await?;
            response.extensions_mut().insert(PublicErrorBody);
            let Some(Trailers(added)) = response.extensions_mut().remove::<Trailers>() else {
                return Ok(response);
            };
            Ok(response.map(|body| {
                tonic::body::Body::new(body.map_frame(move |mut frame| {
                    if let Some(trailers) = frame.trailers_mut() {
                        trailers.extend(added.clone());
                    }
                    frame
                }))
            }))
        })
    }
}
