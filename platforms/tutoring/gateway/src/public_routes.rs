use crate::route_table::has_alias;

/// The routes that need no access token: methods and path under `/api/v1`. Paths have the
/// parameters of [`Routes`](seaworthy::prelude::Routes).
pub const PUBLIC_ROUTES: [(&str, &str); 50] = [
    ("POST", "/students/auth/register"),
    ("POST", "/students/auth/email/resend"),
    ("POST", "/students/auth/email/verify"),
    ("POST", "/students/auth/login"),
    ("POST", "/students/auth/otp/request"),
    ("POST", "/students/auth/otp/retry"),
    ("POST", "/students/auth/otp/verify"),
    ("POST", "/students/auth/google"),
    ("POST", "/students/auth/google/web"),
    ("POST", "/students/auth/refresh"),
    ("POST", "/students/auth/logout"),
    ("POST", "/students/auth/password/forgot"),
    ("POST", "/students/auth/password/reset"),
    ("POST", "/trainers/auth/register"),
    ("POST", "/trainers/auth/email/resend"),
    ("POST", "/trainers/auth/email/verify"),
    ("POST", "/trainers/auth/login"),
    ("POST", "/trainers/auth/otp/request"),
    ("POST", "/trainers/auth/otp/retry"),
    ("POST", "/trainers/auth/otp/verify"),
    ("POST", "/trainers/auth/google"),
    ("POST", "/trainers/auth/google/web"),
    ("POST", "/trainers/auth/refresh"),
    ("POST", "/trainers/auth/logout"),
    ("POST", "/trainers/auth/password/forgot"),
    ("POST", "/trainers/auth/password/reset"),
    ("GET", "/trainers/auth/pincodes/{pincode}"),
    ("GET", "/trainers/auth/apply/available-courses"),
    ("GET", "/trainers/auth/apply/preview-availability"),
    ("POST", "/admin/auth/login"),
    ("POST", "/admin/auth/refresh"),
    ("POST", "/admin/auth/logout"),
    ("GET", "/trainers"),
    ("GET", "/trainers/{id}"),
    ("GET", "/courses"),
    ("GET", "/courses/{id}"),
    ("GET", "/courses/{id}/structure"),
    ("GET", "/courses/{id}/phases"),
    ("GET", "/phases/{id}/levels"),
    ("GET", "/levels/{id}/sessions"),
    ("GET", "/projects/public"),
    ("GET", "/certificates/{number}"),
    ("GET", "/certificates/{number}/pdf"),
    ("POST", "/booking/check-service-availability"),
    ("GET", "/booking/cities"),
    ("GET", "/booking/zones-by-location"),
    ("GET", "/booking/pricing/calculate"),
    ("GET", "/booking/feature-flags"),
    ("GET", "/booking/pre-bookings/capacity"),
    ("POST", "/payments/webhook/razorpay"),
];

/// Public pages, which are outside of `/api`.
const PAGES: [(&str, &str); 1] = [("GET", "/certificates/{number}")];

/// Returns the methods and full paths of the public routes and pages, with the aliases of the
/// legacy service. Each path also occurs with a slash at its end.
pub(crate) fn paths() -> impl Iterator<Item = (&'static str, String)> {
    let aliases = PUBLIC_ROUTES.iter().filter(|(_, path)| has_alias(path));
    let aliases = aliases.map(|(method, path)| (*method, format!("/api{path}")));
    let paths = PUBLIC_ROUTES.iter();
    let paths = paths.map(|(method, path)| (*method, format!("/api/v1{path}")));
    let pages = PAGES.map(|(method, path)| (method, path.to_owned()));
    let paths = paths.chain(aliases).chain(pages);
    paths.flat_map(|(method, path)| [(method, format!("{path}/")), (method, path)])
}

/// Whether a public route sets the session cookie of a browser.
pub(crate) fn sets_session(path: &str) -> bool {
    path.contains("/auth/")
}
