use std::{borrow::Cow, sync::Arc};

use http::{HeaderValue, Method};
use percent_encoding::percent_decode_str;

use super::{
    Access, MethodLabel, RouteDescription, RouteOptions, Routes,
    endpoint::Endpoint,
    logged_path::PersonalParameters,
    path::Path,
    variant::{Handlers, mount_template},
};

/// The label of paths that no route matches (OBS-4).
pub(crate) const UNMATCHED: &str = "unmatched";

/// An error in a list of routes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// The path is not a valid template.
    #[error("route {path:?}: {problem}")]
    Path {
        /// The path as it was given.
        path: String,
        /// A description of the problem.
        problem: String,
    },
    /// Two handlers for one method of one path.
    #[error("route {path:?}: {method} has two handlers")]
    Duplicate {
        /// The path.
        path: String,
        /// The method.
        method: &'static str,
    },
    /// The service has authentication, and the route does not declare its access (AUTH-5).
    #[error("route {path:?} does not declare who may call: set its access, roles or scopes")]
    Undeclared {
        /// The path.
        path: String,
    },
    /// The route requires authentication, and the service has none (AUTH-5).
    #[error("route {path:?} requires authentication, and the service has no authenticator")]
    Unauthenticated {
        /// The path.
        path: String,
    },
}

/// The index of a path template. The last one is that of all unmatched paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PathId(usize);

impl PathId {
    pub(crate) const fn index(self) -> usize {
        self.0
    }
}

/// The routes by path. Each request is looked up once.
#[derive(Debug)]
pub(crate) struct Table {
    finder: matchit::Router<PathId>,
    paths: Vec<Path>,
    personal: PersonalParameters,
    unmatched: RouteOptions,
}

/// The target of a request. The first step looks it up once, and every later step uses the result.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) path: PathId,
    pub(crate) found: Found,
}

/// The result of a lookup.
#[derive(Debug)]
pub(crate) enum Found {
    /// A handler.
    Endpoint(Arc<Endpoint>),
    /// The path has no handler for the method. The value is that of `Allow`.
    OtherMethods(HeaderValue),
    /// No route has the path.
    NoRoute,
}

impl Target {
    /// Returns the options of the handler, if the request has one.
    pub(crate) fn options(&self) -> Option<&RouteOptions> {
        match &self.found {
            Found::Endpoint(endpoint) => Some(endpoint.options()),
            Found::OtherMethods(_) | Found::NoRoute => None,
        }
    }

    /// Returns the template of the handler's route, if the request has one.
    pub(crate) fn template(&self) -> Option<&str> {
        match &self.found {
            Found::Endpoint(endpoint) => Some(endpoint.template()),
            Found::OtherMethods(_) | Found::NoRoute => None,
        }
    }
}

impl Table {
    pub(crate) fn new(routes: Routes) -> Result<Self, RouteError> {
        let mut finder = matchit::Router::new();
        let mut paths: Vec<Path> = Vec::new();
        let (mounts, entries): (Vec<_>, Vec<_>) = routes
            .entries
            .into_iter()
            .partition(|entry| matches!(entry.handlers, Handlers::Mount(..)));
        for entry in entries {
            let known = paths.iter().position(|path| *path.template == *entry.path);
            let index = known.unwrap_or(paths.len());
            if known.is_none() {
                check(&entry.path)?;
                insert(&mut finder, &entry.path, PathId(index))?;
                paths.push(Path::new(entry.path.as_str().into()));
            }
            if let Some(path) = paths.get_mut(index) {
                path.add(entry)?;
            }
        }
        // A route of the list takes precedence over a mount, so the mounts come last.
        for entry in mounts {
            check_prefix(&entry.path)?;
            let template = mount_template(&entry.path);
            let known = paths.iter().position(|path| *path.template == *template);
            let index = known.unwrap_or(paths.len());
            if known.is_none() {
                // The wildcard does not match an empty rest.
                let whole = [entry.path.clone(), format!("{}/", entry.path)];
                insert(&mut finder, &template, PathId(index))?;
                for path in whole.iter().filter(|path| *path != "//") {
                    if !paths.iter().any(|known| *known.template == **path) {
                        insert(&mut finder, path, PathId(index))?;
                    }
                }
                paths.push(Path::new(template.as_str().into()));
            }
            if let Some(path) = paths.get_mut(index) {
                path.add(entry)?;
            }
        }
        let mut personal = PersonalParameters::default();
        for path in &paths {
            path.add_personal_parameters(&mut personal);
        }
        Ok(Self {
            finder,
            paths,
            personal,
            // A path that no route serves is public: 404 does not depend on the caller.
            unmatched: RouteOptions::new().access(Access::Public),
        })
    }

    /// Looks up a request.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Target {
        let unmatched = PathId(self.paths.len());
        let id = self.finder.at(path).map_or(unmatched, |found| *found.value);
        let found = match self.paths.get(id.0) {
            Some(known) if known.is_mount() && self.is_other_spelling(path, id) => Found::NoRoute,
            Some(known) => known.find(method, path),
            None => Found::NoRoute,
        };
        let found = match found {
            Found::Endpoint(endpoint) if endpoint.options().is_switched_off() => Found::NoRoute,
            found => found,
        };
        Target { path: id, found }
    }

    /// Returns whether the path of a mount is that of another route in other characters, such as
    /// `/files//private` for `/files/private`. A mounted service may decode it, which would evade
    /// the options of the route.
    fn is_other_spelling(&self, path: &str, mount: PathId) -> bool {
        let plain = normalize(path);
        let found = self.finder.at(&plain);
        plain != path && found.is_ok_and(|found| *found.value != mount)
    }

    /// Returns the options of requests without a route.
    pub(crate) fn without_route(&self) -> &RouteOptions {
        &self.unmatched
    }

    /// Returns whether a route has this template.
    pub(crate) fn has_template(&self, template: &str) -> bool {
        self.paths.iter().any(|path| *path.template == *template)
    }

    /// Returns the templates in the order of their indexes, and the label of unmatched paths last.
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

    /// Returns the path of a request as logs and spans contain it (OBS-3). A path without a route,
    /// and one of a mount, may be another spelling of a route with personal values.
    pub(crate) fn logged_path<'a>(&self, id: PathId, path: &'a str) -> Cow<'a, str> {
        match self.paths.get(id.0) {
            Some(found) if !found.is_mount() => found.logged(path),
            found => match self.personal.cut(|| normalize(path)) {
                Some(cut) => Cow::Owned(cut),
                None => found.map_or(Cow::Borrowed(path), |found| found.logged(path)),
            },
        }
    }

    /// Returns every path with every method that it serves.
    pub(crate) fn served(&self) -> impl Iterator<Item = (PathId, MethodLabel)> {
        self.paths.iter().enumerate().flat_map(|(index, path)| {
            let labels = MethodLabel::ALL.into_iter();
            labels
                .filter(|label| path.methods.serves(*label))
                .map(move |label| (PathId(index), label))
        })
    }
}

/// Checks that every route declares its access.
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
                let problem = "it allows anonymous callers and requires roles or scopes";
                return Err(wrong(&route.path, problem));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Decodes a path, resolves `.` and `..`, and removes empty segments.
fn normalize(path: &str) -> String {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let mut segments = Vec::new();
    for segment in decoded.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    format!("/{}", segments.join("/"))
}

fn wrong(path: &str, problem: impl Into<String>) -> RouteError {
    RouteError::Path {
        path: path.to_owned(),
        problem: problem.into(),
    }
}

fn insert(finder: &mut matchit::Router<PathId>, path: &str, id: PathId) -> Result<(), RouteError> {
    finder
        .insert(path, id)
        .map_err(|error| wrong(path, error.to_string()))
}

fn check_prefix(prefix: &str) -> Result<(), RouteError> {
    if prefix.contains("{*") {
        return Err(wrong(prefix, "a prefix cannot contain {*name}"));
    }
    check(prefix)
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
