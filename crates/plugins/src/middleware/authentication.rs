use std::{net::IpAddr, sync::Arc, time::Instant};

use futures::FutureExt;
use http::{HeaderValue, request::Parts};
use seaworthy_core::{Code, Error, RequestContext};
use seaworthy_http::{Authenticate, Authentication, Identity, RouteOptions};

use crate::{HookCall, HookPoint, Plugins, plugins::RequestPlugins};

/// An authentication that also calls the hooks `before_auth`, `after_auth` and `auth_failed`.
///
/// [`Plugins::authentication`] creates it.
#[derive(Debug)]
pub struct PluginAuthentication<A> {
    plugins: Plugins,
    inner: Arc<A>,
}

impl<A: Authenticate> PluginAuthentication<A> {
    pub(crate) fn new(plugins: Plugins, inner: A) -> Self {
        let inner = Arc::new(inner);
        Self { plugins, inner }
    }
}

impl<A: Authenticate> Authenticate for PluginAuthentication<A> {
    fn authenticate(
        &self,
        request: &Parts,
        context: &Arc<RequestContext>,
        route: &RouteOptions,
    ) -> Authentication {
        let table = self.plugins.for_request(Some(context));
        table.keep_values();
        let points = [
            HookPoint::BeforeAuth,
            HookPoint::AfterAuth,
            HookPoint::AuthFailed,
        ];
        let has_hooks = points.iter().any(|point| !table.at(*point).is_empty());
        if !has_hooks && table.missing().is_none() {
            return self.inner.authenticate(request, context, route);
        }
        let address = context.client_address();
        let limit = &self.plugins.0.address_limit;
        let checked = address.map(|address| limit.check(address, Instant::now()));
        if let Some(Err(error)) = checked {
            return Authentication::Rejected(error);
        }
        let mut call = HookCall::new()
            .with_metadata("method", request.method.as_str())
            .with_metadata("path", request.uri.path());
        if let Some(address) = address {
            call = call.with_metadata("client_address", address.to_string());
        }
        let (plugins, inner) = (self.plugins.clone(), Arc::clone(&self.inner));
        let (request, context, route) = (request.clone(), Arc::clone(context), route.clone());
        Authentication::Pending(
            async move {
                let mut uncounted = address.map(|address| Uncounted {
                    plugins: plugins.clone(),
                    address,
                    is_due: true,
                });
                let result = async {
                    let before = plugins.run(&table, HookPoint::BeforeAuth, call, Some(&context));
                    let call = table.later_call(before.await?.call);
                    let result = match inner.authenticate(&request, &context, &route) {
                        Authentication::Anonymous => Ok(None),
                        Authentication::Authenticated(identity) => Ok(Some(identity)),
                        Authentication::Rejected(error) => Err(error),
                        Authentication::Pending(later) => later.await,
                    };
                    after(&plugins, &table, call, &context, result).await
                };
                let result = result.await;
                if let Some(uncounted) = &mut uncounted {
                    uncounted.is_due = match &result {
                        Ok(identity) => identity.is_none(),
                        // The fault of a plugin or of a store, and not of the client.
                        Err(error) => error.code() != Code::Unavailable,
                    };
                }
                result
            }
            .boxed(),
        )
    }

    fn challenge(&self, rejection: &Error, route: &RouteOptions) -> Option<HeaderValue> {
        self.inner.challenge(rejection, route)
    }
}

/// Counts a request when it is dropped, also if the client cancels it.
struct Uncounted {
    plugins: Plugins,
    address: IpAddr,
    is_due: bool,
}

impl Drop for Uncounted {
    fn drop(&mut self) {
        if self.is_due {
            let limit = &self.plugins.0.address_limit;
            limit.count(self.address, Instant::now());
        }
    }
}

async fn after(
    plugins: &Plugins,
    table: &RequestPlugins,
    call: HookCall,
    context: &RequestContext,
    result: Result<Option<Identity>, Error>,
) -> Result<Option<Identity>, Error> {
    match result {
        Ok(identity) => {
            let call = match &identity {
                Some(identity) => call.with_metadata("actor", identity.actor.as_str()),
                None => call,
            };
            let point = HookPoint::AfterAuth;
            plugins.run(table, point, call, Some(context)).await?;
            Ok(identity)
        }
        Err(error) => {
            let call = call.with_metadata("error", error.reason());
            let point = HookPoint::AuthFailed;
            // The request is already rejected, so a hook cannot change the result.
            drop(plugins.run(table, point, call, Some(context)).await);
            Err(error)
        }
    }
}
