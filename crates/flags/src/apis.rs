//! Routes that flags govern by their lists `apis`.

use std::{collections::HashMap, sync::Arc};

use arc_swap::ArcSwap;
use axum::{
    extract::{MatchedPath, Request},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
use seaworthy_config::Settings;
use seaworthy_core::{Code, Error, context};
use seaworthy_http::FlagGate as _;
use seaworthy_service::Assembly;

use crate::Flags;

/// The flags of each route, at one state of the flags.
#[derive(Default)]
struct Governed {
    state: Option<u64>,
    routes: HashMap<String, Vec<String>>,
}

struct Guard {
    flags: Flags,
    governed: ArcSwap<Governed>,
}

impl Flags {
    /// Refuses calls of routes that a flag lists in `apis`, such as `GET /reports/{id}`, while that
    /// flag is off for the caller. The template is that of the route. The name of a gRPC method is a
    /// route of its own: `POST /reports.v1.Reports/Get`.
    ///
    /// Refused calls get 403 `FEATURE_DISABLED`.
    pub fn guard_apis<C: Settings>(&self, service: &Assembly<C>) {
        let guard = Arc::new(Guard {
            flags: self.clone(),
            governed: ArcSwap::default(),
        });
        service.wrap_routes(move |routes| {
            let guard = Arc::clone(&guard);
            routes.layer(middleware::from_fn(move |request: Request, next: Next| {
                let guard = Arc::clone(&guard);
                async move { guard.call(request, next).await }
            }))
        });
    }
}

impl Guard {
    async fn call(&self, request: Request, next: Next) -> Response {
        if self.is_on(&request) {
            return next.run(request).await;
        }
        let message = "this feature is not enabled for you";
        Error::new(Code::Forbidden, "FEATURE_DISABLED", message).into_response()
    }

    fn is_on(&self, request: &Request) -> bool {
        let governed = self.governed();
        if governed.routes.is_empty() {
            return true;
        }
        let template = request.extensions().get::<MatchedPath>();
        let path = template.map_or_else(|| request.uri().path(), MatchedPath::as_str);
        let Some(flags) = governed.routes.get(&format!("{} {path}", request.method())) else {
            return true;
        };
        context::with_current(|context| {
            context.is_some_and(|context| flags.iter().all(|flag| self.flags.is_on(flag, context)))
        })
    }

    /// Returns the governed routes. Reads them again after the flags have changed.
    fn governed(&self) -> Arc<Governed> {
        let state = *self.flags.changes().borrow();
        let known = self.governed.load_full();
        if known.state == Some(state) {
            return known;
        }
        let mut routes: HashMap<String, Vec<String>> = HashMap::new();
        for flag in self.flags.set().iter() {
            for api in self.flags.apis(flag.key()) {
                routes.entry(api).or_default().push(flag.key().to_string());
            }
        }
        let governed = Arc::new(Governed {
            state: Some(state),
            routes,
        });
        self.governed.store(Arc::clone(&governed));
        governed
    }
}

impl Flags {
    /// Returns the list `apis` of a flag, at its top or in `capabilities`.
    fn apis(&self, key: &str) -> Vec<String> {
        let entry = self.entry(key).unwrap_or_default();
        let lists = ["/apis", "/capabilities/apis"];
        let lists = lists
            .iter()
            .filter_map(|place| entry.pointer(place)?.as_array());
        let apis = lists.flatten().filter_map(|api| api.as_str());
        apis.map(str::to_owned).collect()
    }
}
