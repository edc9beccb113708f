use std::sync::Arc;

use http::{HeaderValue, Method};

use super::{
    Access, MethodLabel, RouteDescription, RouteOptions, Routes, endpoint::Endpoint, path::Path,
};

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
}

/// The target of a request. The first step looks it up once, and every later step uses the result.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) path: PathId,
    pub(crate) found: Found,
}

/// What a path and a method lead to.
#[derive(Debug)]
pub(crate) enum Found {
    /// A handler.
    Endpoint(Arc<Endpoint>),
    /// The path has no handler for the method; the value is that of `Allow`.
    OtherMethods(HeaderValue),
    /// No route has the path.
    Nothing,
}

impl Target {
    /// The options of the handler, if the request has one.
    pub(crate) fn options(&self) -> Option<&RouteOptions> {
        match &self.found {
            Found::Endpoint(endpoint) => Some(endpoint.options()),
            Found::OtherMethods(_) | Found::Nothing => None,
        }
    }
}

impl Table {
    pub(crate) fn new(routes: Routes) -> Result<Self, RouteError> {
        let mut finder = matchit::Router::new();
        let mut paths: Vec<Path> = Vec::new();
        for entry in routes.entries {
            let known = paths.iter().position(|path| *path.template == *entry.path);
            let index = known.unwrap_or(paths.len());
            if known.is_none() {
                check(&entry.path)?;
                finder
                    .insert(entry.path.as_str(), PathId(index))
                    .map_err(|error| wrong(&entry.path, error.to_string()))?;
                paths.push(Path::new(entry.path.as_str().into()));
            }
            if let Some(path) = paths.get_mut(index) {
                path.add(entry)?;
            }
        }
        Ok(Self {
            finder,
            paths,
            // A path that no route serves is public: 404 does not depend on the caller.
            unmatched: RouteOptions::new().access(Access::Public),
        })
    }

    /// The one search per request.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Target {
        let unmatched = PathId(self.paths.len());
        let id = self.finder.at(path).map_or(unmatched, |found| *found.value);
        let found = match self.paths.get(id.0) {
            Some(known) => known.find(method, path),
            None => Found::Nothing,
        };
        Target { path: id, found }
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
