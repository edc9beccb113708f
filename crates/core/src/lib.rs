//! Vocabulary every other crate speaks: identifiers, request context, errors, secrets, clock.
