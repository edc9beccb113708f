use std::sync::Arc;

use axum::{Router, body::Body, routing::MethodRouter};
use http::{HeaderValue, Request};
use tower_service::Service as _;

use super::{Access, MethodLabel, RouteDescription, RouteOptions, Routes, list::Methods};

/// The label of paths that no route matches (OBS-4).
pub(crate) const UNMATCHED: &str = "unmatched";

/// A list of routes that cannot be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// The path is not a template.
    #[error("route {path:?}: {problem}")]
    Path {
        /// The path as it was given.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Two handlers for one method of one path.
    #[error("route {path:?}: {method} has two handlers")]
    Twice {
        /// The path.
        path: String,
        /// The method.
        method: &'static str,
    },
    /// Callers are authenticated, and the route does not say who may call (AUTH-5).
    #[error(
        "route {path:?} does not say who may call: declare its access, its roles or its scopes"
    )]
    Undeclared {
        /// The path.
        path: String,
    },
    /// The route asks who calls, and nobody authenticates callers (AUTH-5).
    #[error("route {path:?} is for known callers, and nothing authenticates them")]
    Unauthenticated {
        /// The path.
        path: String,
    },
}

/// The number of a path template. The last one is that of all unmatched paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PathId(usize);

impl PathId {
    pub(crate) const fn index(self) -> usize {
        self.0
    }
}

/// Every route, ready to be found. One lookup per request.
#[derive(Debug)]
pub(crate) struct Table {
    finder: matchit::Router<PathId>,
    paths: Vec<Path>,
    unmatched: RouteOptions,
    router: Router,
}

#[derive(Debug)]
struct Path {
    template: Arc<str>,
    methods: Methods,
    allow: HeaderValue,
    options: [Option<Arc<RouteOptions>>; MethodLabel::COUNT],
}

/// What a path and a method lead to.
#[derive(Debug)]
pub(crate) enum Found<'table> {
    /// A handler.
    Route(&'table RouteOptions),
    /// The path has no handler for the method; the value is that of `Allow`.
    OtherMethods(&'table HeaderValue),
    /// No route has the path.
    Nothing,
}

impl<'table> Found<'table> {
    pub(crate) fn options(&self) -> Option<&'table RouteOptions> {
        match self {
            Self::Route(options) => Some(options),
            _ => None,
        }
    }
}

impl Table {
    pub(crate) fn new(routes: Routes) -> Result<Self, RouteError> {
        let mut finder = matchit::Router::new();
        let mut paths: Vec<Path> = Vec::new();
        let mut routers: Vec<(Arc<str>, MethodRouter)> = Vec::new();
        for entry in routes.entries {
            let methods = Methods::of_entry(&entry);
            let known = paths.iter().position(|path| *path.template == *entry.path);
            let index = known.unwrap_or(paths.len());
            if known.is_none() {
                check(&entry.path)?;
                finder
                    .insert(entry.path.as_str(), PathId(index))
                    .map_err(|error| wrong(&entry.path, error.to_string()))?;
                let template: Arc<str> = entry.path.as_str().into();
                paths.push(Path::new(Arc::clone(&template)));
                routers.push((template, MethodRouter::new()));
            }
            if let (Some(path), Some((_, router))) = (paths.get_mut(index), routers.get_mut(index))
            {
                path.add(methods, entry.options)?;
                *router = std::mem::take(router).merge(entry.methods);
            }
        }
        let router = routers
            .into_iter()
            .fold(Router::new(), |router, (path, methods)| {
                router.route(&path, methods)
            });
        Ok(Self {
            finder,
            paths,
            // What nobody serves is nobody's secret: 404 is told without asking who calls.
            unmatched: RouteOptions::new().access(Access::Public),
            router,
        })
    }

    /// The one search per request.
    pub(crate) fn find(&self, path: &str) -> PathId {
        self.finder
            .at(path)
            .map_or(PathId(self.paths.len()), |found| *found.value)
    }

    /// What a path that was found means for a method.
    pub(crate) fn look(&self, id: PathId, method: MethodLabel) -> Found<'_> {
        match self.paths.get(id.0) {
            Some(path) => match path.options.get(method.index()) {
                Some(Some(options)) => Found::Route(options),
                _ => Found::OtherMethods(&path.allow),
            },
            None => Found::Nothing,
        }
    }

    /// The options of the route, if there is one.
    pub(crate) fn options(&self, id: PathId, method: MethodLabel) -> Option<&RouteOptions> {
        self.look(id, method).options()
    }

    /// Calls the handler. The future does nothing until it is polled.
    pub(crate) fn call(
        &self,
        request: Request<Body>,
    ) -> <Router as tower_service::Service<Request<Body>>>::Future {
        self.router.clone().call(request)
    }

    /// The options that hold where no route is found.
    pub(crate) fn without_route(&self) -> &RouteOptions {
        &self.unmatched
    }

    /// Whether a path leads to a route.
    pub(crate) fn has_template(&self, template: &str) -> bool {
        self.paths.iter().any(|path| *path.template == *template)
    }

    /// The template of every path in the order of their numbers, the label of unmatched ones last.
    pub(crate) fn labels(&self) -> impl Iterator<Item = &str> {
        self.paths
            .iter()
            .map(|path| &*path.template)
            .chain([UNMATCHED])
    }

    pub(crate) fn label(&self, id: PathId) -> &str {
        self.paths
            .get(id.0)
            .map_or(UNMATCHED, |path| &path.template)
    }

    /// Every path with every method that it serves.
    pub(crate) fn served(&self) -> impl Iterator<Item = (PathId, MethodLabel)> {
        self.paths.iter().enumerate().flat_map(|(index, path)| {
            let labels = MethodLabel::ALL.into_iter();
            labels
                .filter(|label| path.methods.serves(*label))
                .map(move |label| (PathId(index), label))
        })
    }
}

impl Path {
    fn new(template: Arc<str>) -> Self {
        Self {
            template,
            methods: Methods::NONE,
            allow: HeaderValue::from_static(""),
            options: Default::default(),
        }
    }

    fn add(&mut self, methods: Methods, options: RouteOptions) -> Result<(), RouteError> {
        if let Some(method) = self.methods.overlap(methods) {
            return Err(RouteError::Twice {
                path: self.template.to_string(),
                method: method.as_str(),
            });
        }
        let options = Arc::new(options);
        for (label, slot) in MethodLabel::ALL.into_iter().zip(&mut self.options) {
            if methods.serves(label) {
                *slot = Some(Arc::clone(&options));
            }
        }
        self.methods.join(methods);
        self.allow =
            HeaderValue::try_from(self.methods.allow()).unwrap_or(HeaderValue::from_static(""));
        Ok(())
    }
}

/// Whether every route says who may call, as far as that can be told apart.
pub(crate) fn check_access(
    routes: &[RouteDescription],
    is_authenticated: bool,
) -> Result<(), RouteError> {
    for route in routes {
        let path = || route.path.clone();
        let has_needs = !(route.roles.is_empty() && route.scopes.is_empty());
        match route.access {
            Access::Undeclared if is_authenticated => {
                return Err(RouteError::Undeclared { path: path() });
            }
            Access::Authenticated if !is_authenticated => {
                return Err(RouteError::Unauthenticated { path: path() });
            }
            Access::Public | Access::Optional if has_needs => {
                let problem = "it is open to everyone and asks for roles or scopes";
                return Err(wrong(&route.path, problem));
            }
            _ => {}
        }
    }
    Ok(())
}

fn wrong(path: &str, problem: impl Into<String>) -> RouteError {
    RouteError::Path {
        path: path.to_owned(),
        problem: problem.into(),
    }
}

fn check(path: &str) -> Result<(), RouteError> {
    if !path.starts_with('/') {
        return Err(wrong(path, "a path starts with /"));
    }
    if path
        .split('/')
        .any(|segment| segment.starts_with([':', '*']))
    {
        return Err(wrong(
            path,
            "a parameter is written {name}, the rest of a path {*name}",
        ));
    }
    Ok(())
}
