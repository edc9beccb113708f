//! The macro for the errors of a service.

/// Declares functions that return errors. Each has a name, a [`Code`], the reason and the message.
/// Parameters follow the name, and calls of methods of [`Error`] follow the message.
///
/// ```
/// use seaworthy::prelude::*;
///
/// seaworthy::errors! {
///     /// Also for courses of other schools, whose existence is private.
///     course_not_found: NotFound "COURSE_NOT_FOUND" => "no course has this ID";
///     course_full: Conflict "COURSE_FULL" => "the course is full: choose another one";
///     seats_taken(left: u32): Conflict "SEATS_TAKEN" => format!("only {left} seats are left"),
///         with_metadata("left", left.to_string());
/// }
///
/// let error = course_full();
/// assert_eq!((error.code(), error.reason()), (Code::Conflict, "COURSE_FULL"));
/// assert_eq!(course_not_found().message(), "no course has this ID");
/// assert_eq!(seats_taken(3).message(), "only 3 seats are left");
/// assert_eq!(seats_taken(3).metadata()["left"], "3");
/// ```
///
/// [`Code`]: crate::core::Code
/// [`Error`]: crate::core::Error
#[macro_export]
macro_rules! errors {
    ($(
        $(#[$about:meta])*
        $name:ident $(($($parameter:ident: $type:ty),+))?: $code:ident $reason:expr => $message:expr
            $(, $method:ident($($value:expr),+))*;
    )+) => {$(
        $(#[$about])*
        pub(crate) fn $name($($($parameter: $type),+)?) -> $crate::core::Error {
            $crate::core::Error::new($crate::core::Code::$code, $reason, $message)
                $(.$method($($value),+))*
        }
    )+};
}
