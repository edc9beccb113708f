use std::{sync::Arc, time::Instant};

use futures::FutureExt;
use http::{HeaderValue, request::Parts};
use seaworthy_core::{Code, Error, RequestContext};
use seaworthy_http::{Authenticate, Authentication, Identity, RouteOptions};

use crate::{
    HookCall, HookPoint, Plugins,
    host::{HookCaller, RequestPlugins, UNAVAILABLE},
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
        if plugins.begins_without_plugins(Some(context)) {
            return self.inner.authenticate(request, context, route);
        }
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
                    let mut verified = None;
                    let mut caller = HookCaller::from(CallOrigin::of(Some(&context)));
                    if inner.has_credentials(&request) {
                        // Anonymous requests may have used up their part of the limits. With valid
                        // credentials, the caller can use the other part.
                        caller = caller.verified_by(Box::pin(async {
                            let result = verified.insert(authenticate().await);
                            matches!(result, Ok(Some(_)))
                        }));
                    }
                    let point = HookPoint::BeforeAuth;
                    let before = plugins.run_for(caller, &table, point, call, Some(&context));
                    let report = before.await?;
                    let result = match verified {
                        Some(result) => result,
                        None => authenticate().await,
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
                Some(_) => CallOrigin::Authenticated,
                None => CallOrigin::Anonymous,
            };
            let hooks = plugins.run_for(
                origin.into(),
                table,
                HookPoint::AfterAuth,
                call,
                Some(context),
            );
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
