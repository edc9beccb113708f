use std::{sync::Arc, time::Instant};

use futures::FutureExt;
use http::{HeaderValue, request::Parts};
use seaworthy_core::{Code, Error, RequestContext};
use seaworthy_http::{Authenticate, Authentication, Identity, RouteOptions};

use crate::{
    HookCall, HookPoint, Plugins,
    plugins::{RequestPlugins, UNAVAILABLE, is_busy},
    sandbox::CallOrigin,
};

/// An authentication that also calls the hooks `before_auth`, `after_auth` and `auth_failed`.
///
/// [`Plugins::authentication`] creates it.
#[derive(Debug)]
pub struct PluginAuthentication<A> {
    /// `None` if `plugins.enabled` is false, so that such a service pays nothing.
    plugins: Option<Plugins>,
    inner: Arc<A>,
}

impl<A: Authenticate> PluginAuthentication<A> {
    pub(crate) fn new(plugins: &Plugins, inner: A) -> Self {
        let plugins = plugins.0.config.enabled.then(|| plugins.clone());
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
        let Some(plugins) = &self.plugins else {
            return self.inner.authenticate(request, context, route);
        };
        let table = plugins.for_request(Some(context));
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
        let limit = &plugins.0.address_limit;
        let admitted = address.map(|address| limit.admit(address, Instant::now()));
        let admitted = match admitted.transpose() {
            Ok(admitted) => admitted,
            Err(error) => return Authentication::Rejected(error),
        };
        let mut call = HookCall::new()
            .with_metadata("method", request.method.as_str())
            .with_metadata("path", request.uri.path());
        if let Some(address) = address {
            call = call.with_metadata("client_address", address.to_string());
        }
        let (plugins, inner) = (plugins.clone(), Arc::clone(&self.inner));
        let (request, context, route) = (request.clone(), Arc::clone(context), route.clone());
        Authentication::Pending(
            async move {
                let result = async {
                    let authenticate = || async {
                        match inner.authenticate(&request, &context, &route) {
                            Authentication::Anonymous => Ok(None),
                            Authentication::Authenticated(identity) => Ok(Some(identity)),
                            Authentication::Rejected(error) => Err(error),
                            Authentication::Pending(later) => later.await,
                        }
                    };
                    let before = HookPoint::BeforeAuth;
                    let first = plugins.run(&table, before, call.clone(), Some(&context));
                    let (report, result) = match first.await {
                        Ok(report) => (report, authenticate().await),
                        // Anonymous requests use up their part of the CPU share. A caller with
                        // valid credentials may use the other part.
                        Err(error) if is_busy(&error) && inner.has_credentials(&request) => {
                            let Ok(Some(identity)) = authenticate().await else {
                                return Err(error);
                            };
                            let origin = CallOrigin::Known;
                            let again =
                                plugins.run_for(origin, &table, before, call, Some(&context));
                            (again.await?, Ok(Some(identity)))
                        }
                        Err(error) => return Err(error),
                    };
                    let call = table.later_call(report.call);
                    after(&plugins, &table, call, &context, result).await
                };
                let result = result.await;
                let is_counted = match &result {
                    Ok(identity) => identity.is_none(),
                    // A store of credentials is unavailable. Requests that plugins fail count, so
                    // that a flood that uses up their CPU share stays limited.
                    Err(error) => {
                        error.code() != Code::Unavailable || error.reason() == UNAVAILABLE
                    }
                };
                if let Some(admitted) = admitted
                    && !is_counted
                {
                    admitted.exempt();
                }
                result
            }
            .boxed(),
        )
    }

    fn has_credentials(&self, request: &Parts) -> bool {
        self.inner.has_credentials(request)
    }

    fn challenge(&self, rejection: &Error, route: &RouteOptions) -> Option<HeaderValue> {
        self.inner.challenge(rejection, route)
    }
}

async fn after(
    plugins: &Plugins,
    table: &Arc<RequestPlugins>,
    call: HookCall,
    context: &Arc<RequestContext>,
    result: Result<Option<Identity>, Error>,
) -> Result<Option<Identity>, Error> {
    match result {
        Ok(identity) => {
            let call = match &identity {
                Some(identity) => call.with_metadata("actor", identity.actor.as_str()),
                None => call,
            };
            let origin = match identity {
                Some(_) => CallOrigin::Known,
                None => CallOrigin::Anonymous,
            };
            let hooks = plugins.run_for(origin, table, HookPoint::AfterAuth, call, Some(context));
            hooks.await?;
            Ok(identity)
        }
        Err(error) => {
            let call = call.with_metadata("error", error.reason());
            let point = HookPoint::AuthFailed;
            // The request is already rejected, so a hook cannot change the result.
            plugins.run_after(table, point, call, Some(context)).await;
            Err(error)
        }
    }
}
