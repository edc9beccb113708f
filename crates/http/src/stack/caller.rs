//! The step after authentication: records the caller and counts the request for it.

use std::iter;

use axum::body::Body;
use http::{Request, request::Parts};
use seaworthy_core::{Error, Grants};
use seaworthy_resilience::rate_limit::{
    LimitedCaller, RateLimitCheck, RateLimitResult, RateLimits,
};

use super::{
    exchange::{Exchange, Panicked},
    future::{Next, State},
    respond::{not_found, panicked},
};
use crate::{
    FlagDecision, Identity, RouteOptions,
    routes::disabled,
    rpc::{self, Protocol},
};

impl Exchange {
    /// Records the caller and counts the request for it. Failed credentials are counted by client
    /// IP, separately from other requests, and get 429 above the limit. Valid credentials
    /// from the same IP do not count for it, because many users may share it. Above the limit,
    /// credentials are still verified, so guessable credentials need a lockout.
    pub(super) fn identified(
        &mut self,
        request: Request<Body>,
        identity: Result<Option<Identity>, Error>,
    ) -> State {
        let (mut parts, body) = request.into_parts();
        match identity {
            Ok(identity) => {
                let grants = identity.map(|identity| self.record(identity, &mut parts));
                let next = Next::Route(grants, Request::from_parts(parts, body));
                match LimitedCaller::from_context(&self.context) {
                    Some(caller) => self.count(&caller, next),
                    None => self.counted(Ok(None), next),
                }
            }
            Err(error) => {
                let error = self.reject_caller(error);
                let address = self.context.client_address();
                match address.filter(|_| !error.code().is_server_fault()) {
                    Some(address) => {
                        self.count(&LimitedCaller::failed(address), Next::Reject(error))
                    }
                    None => self.counted(Ok(None), Next::Reject(error)),
                }
            }
        }
    }

    fn record(&self, identity: Identity, parts: &mut Parts) -> Grants {
        self.context.set_actor(identity.actor);
        if let Some(tenant) = identity.tenant {
            self.context.set_tenant(tenant);
        }
        self.context.set_grants(identity.grants.clone());
        if let Some(attachment) = identity.attachment {
            attachment.attach(&mut parts.extensions);
        }
        identity.grants
    }

    /// Counts the request by the limits of the listener and of the route.
    fn count(&mut self, caller: &LimitedCaller, next: Next) -> State {
        if !self.stack.rate_limit_switch.is_on() {
            return self.counted(Ok(None), next);
        }
        let options = self.target.options();
        let is_limited = options.is_none_or(RouteOptions::is_rate_limited);
        let of_listener = is_limited.then_some(&self.stack.rate_limits);
        let own = options.and_then(RouteOptions::own_rate_limits);
        // The limits of a route count its callers, not failed credentials.
        let own = own.filter(|_| matches!(next, Next::Route(..)));
        match RateLimits::count(of_listener.into_iter().chain(own), caller, self.started) {
            RateLimitCheck::Ready(counted) => self.counted(counted, next),
            RateLimitCheck::Pending(future) => State::counting(future, next),
        }
    }

    /// Continues with a counted request. Rejects callers without access.
    pub(super) fn counted(&mut self, counted: RateLimitResult, next: Next) -> State {
        let outcome = match (counted, next) {
            (Err(limited), next) => {
                if let Next::Reject(_) = next {
                    self.challenge = None;
                }
                self.rate_limit = limited.headers;
                Err(limited.error)
            }
            (Ok(headers), Next::Reject(error)) => {
                self.rate_limit = headers;
                Err(error)
            }
            (Ok(headers), Next::Route(grants, request)) => {
                self.rate_limit = headers;
                self.permit(grants.as_ref())
                    .and_then(|()| self.check_flag())
                    .map(|()| request)
            }
        };
        match outcome {
            Ok(request) => self.route(request),
            Err(error) => State::respond(self.fail(error)),
        }
    }

    /// Rejects the request if the route requires a feature flag that is off, or if a flag that is
    /// off lists one of the names of its operation.
    fn check_flag(&self) -> Result<(), Error> {
        let Some(flags) = &self.stack.flags else {
            return Ok(());
        };
        let required = self.options().required_flag();
        if required.is_none() && !flags.governs_routes() {
            return Ok(());
        }
        let template = self.target.template().unwrap_or_default();
        let own = format!("{} {template}", self.method.as_str());
        let (own, options) = (own.as_str(), self.options());
        let names = move || {
            let further = options.further_names().filter(move |name| *name != own);
            iter::once(own).chain(further)
        };
        let is_permitted = self
            .guard(|| names().all(|name| flags.permits(name, &self.context)))
            .map_err(|Panicked| panicked())?;
        if !is_permitted {
            return Err(disabled());
        }
        let Some(required) = required else {
            return Ok(());
        };
        let decision = self
            .guard(|| {
                // The flag may list any name of the operation.
                let mut decisions = names().map(|name| flags.decide(required, name, &self.context));
                let listed = decisions.find(|decision| *decision != FlagDecision::NotListed);
                listed.unwrap_or(FlagDecision::NotListed)
            })
            .map_err(|Panicked| panicked())?;
        required.rejection_of(decision, || match self.stack.protocol {
            Protocol::Http => not_found(),
            Protocol::Grpc => rpc::no_method(),
        })
    }

    fn permit(&mut self, grants: Option<&Grants>) -> Result<(), Error> {
        // Without an authenticator no route requires authentication. The start has checked that.
        if self.stack.authenticate.is_none() {
            return Ok(());
        }
        let permitted = self.options().permit(grants);
        permitted.map_err(|error| self.reject_caller(error))
    }
}
