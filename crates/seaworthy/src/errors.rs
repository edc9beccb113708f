//! The macro for the errors of a service.

/// Declares functions that return errors with a constant message. Each has a name, a [`Code`], the
/// reason and the message.
///
/// ```
/// use seaworthy::prelude::*;
///
/// seaworthy::errors! {
///     /// Also for courses of other schools, whose existence is private.
///     course_not_found: NotFound "COURSE_NOT_FOUND" => "no course has this ID";
///     course_full: Conflict "COURSE_FULL" => "the course is full: choose another one";
/// }
///
/// let error = course_full();
/// assert_eq!((error.code(), error.reason()), (Code::Conflict, "COURSE_FULL"));
/// assert_eq!(course_not_found().message(), "no course has this ID");
/// ```
///
/// [`Code`]: crate::core::Code
#[macro_export]
macro_rules! errors {
    ($($(#[$about:meta])* $name:ident: $code:ident $reason:expr => $message:expr;)+) => {$(
        $(#[$about])*
        pub(crate) fn $name() -> $crate::core::Error {
            $crate::core::Error::new($crate::core::Code::$code, $reason, $message)
        }
    )+};
}
