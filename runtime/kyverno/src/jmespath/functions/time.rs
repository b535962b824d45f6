//! Functions on points in time, which are texts of RFC 3339 but where a layout is given.

use aipc_runtime::value::{Time, format_duration, parse_duration};

use super::layout::{self, Moment, RFC3339};
use super::{Answer, not_evaluated, other, text_at};
use crate::jmespath::SearchError;
use crate::jmespath::interpret::Evaluation;
use crate::json::Json;

/// Seconds that a layout of digits may count from 1970; years beyond are nobody's.
const EPOCH_MAX: i64 = 1 << 50;

fn moment(text: &str, layout: &str) -> Result<Moment, SearchError> {
    layout::parse(layout, text).map_or_else(
        || other(format!("parsing time {text:?} as {layout:?}: cannot parse {text:?} as {layout:?}")),
        Ok,
    )
}

fn moment_at(arguments: &[Json<'_>], at: usize) -> Result<Moment, SearchError> {
    moment(text_at(arguments, at)?, RFC3339)
}

fn duration_at(arguments: &[Json<'_>], at: usize) -> Result<i64, SearchError> {
    let text = text_at(arguments, at)?;
    parse_duration(text).map_or_else(|| other(format!("time: invalid duration {text:?}")), Ok)
}

fn text<'a>(moment: Moment) -> Answer<'a> {
    Ok(Json::text(moment.to_rfc3339()))
}

/// The point in time that the search was given, in UTC.
pub(super) fn now<'a>(_: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    text(moment_of(evaluation.now()?)?)
}

fn moment_of(time: Time) -> Result<Moment, SearchError> {
    // Its text is the only door to what is finer than seconds.
    moment(&time.to_string(), RFC3339)
}

/// The first layout is that of both points; without one it is RFC 3339. Without the second point it is now.
pub(super) fn since<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let layout = match text_at(arguments, 0)? {
        "" => RFC3339,
        layout => layout,
    };
    let start = moment(text_at(arguments, 1)?, layout)?;
    let end = match text_at(arguments, 2)? {
        "" => moment_of(evaluation.now()?)?,
        end => moment(end, layout)?,
    };
    Ok(Json::text(format_duration(end.since(start))))
}

pub(super) fn add<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    let (start, by) = (moment_at(arguments, 0)?, duration_at(arguments, 1)?);
    text(start.plus(by.into()))
}

/// The layout says how to read the text. Kyverno: a layout that is a number, whichever, says that the text counts
/// seconds.
pub(super) fn parse<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    let (layout, value) = (text_at(arguments, 0)?, text_at(arguments, 1)?);
    if layout.parse::<i64>().is_err() {
        return text(moment(value, layout)?);
    }
    match value.parse::<i64>() {
        Ok(seconds) if seconds.abs() <= EPOCH_MAX => text(Moment::from_unix(seconds)),
        Ok(_) => not_evaluated("a point in time some million years from here"),
        Err(_) => other(format!("strconv.ParseInt: parsing {value:?}: invalid syntax")),
    }
}

/// Minute, hour, day, month and day of the week, in its own zone.
pub(super) fn to_cron<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    let at = moment_at(arguments, 0)?.civil();
    Ok(Json::text(format!("{} {} {} {} {}", at.minute, at.hour, at.day, at.month, at.weekday)))
}

pub(super) fn utc<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    text(moment_at(arguments, 0)?.in_utc())
}

pub(super) fn diff<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    let (start, end) = (moment_at(arguments, 0)?, moment_at(arguments, 1)?);
    Ok(Json::text(format_duration(end.since(start))))
}

pub(super) fn before<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    Ok(Json::Bool(moment_at(arguments, 0)?.total() < moment_at(arguments, 1)?.total()))
}

pub(super) fn after<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    Ok(Json::Bool(moment_at(arguments, 0)?.total() > moment_at(arguments, 1)?.total()))
}

/// The ends do not belong to it.
pub(super) fn between<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    let at = moment_at(arguments, 0)?.total();
    let (start, end) = (moment_at(arguments, 1)?.total(), moment_at(arguments, 2)?.total());
    Ok(Json::Bool(at > start && at < end))
}

/// Down to a multiple of a duration since the year 1.
pub(super) fn truncate<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    let (start, unit) = (moment_at(arguments, 0)?, duration_at(arguments, 1)?);
    text(start.truncated(unit))
}
