//! Certificates.

use super::{Answer, not_evaluated};
use crate::jmespath::interpret::Evaluation;
use crate::json::Json;

pub(super) fn x509_decode<'a>(_: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    not_evaluated("`x509_decode`")
}
