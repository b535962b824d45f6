//! Where a rule's actions split it.

use super::*;
use crate::ir::{Action, Check, Message, Operations, Settings};
use crate::source::{FileId, Span};

fn rule(actions: Vec<Action>) -> Rule {
    let span = Span::new(FileId(0), 0, 0);
    Rule {
        name: "r".to_owned(),
        description: None,
        targets: vec![],
        operations: Operations::DEFAULT,
        applies: vec![],
        bindings: vec![],
        body: Body::Check(Check { elements: None, violation: Cond::constant(true, span) }),
        message: Message { parts: vec![], written: true },
        actions,
        settings: Settings::default(),
        named: true,
        origin: span,
        source_text: String::new(),
    }
}

#[test]
fn the_first_action_whose_condition_holds_decides() {
    let span = Span::new(FileId(0), 0, 0);
    let cond = |start| Cond::new(CondKind::And(vec![]), Span { start, ..span });
    let action = |effect, condition| Action { effect, warn: false, condition, origin: span };
    let only = parts_by_action(&rule(vec![]));
    assert!(only.len() == 1 && only[0].suffix.is_none() && only[0].conditions.is_empty());
    let audited = parts_by_action(&rule(vec![action(Effect::Audit, Some(cond(1)))]));
    assert_eq!(audited.iter().map(|part| part.suffix).collect::<Vec<_>>(), [Some("audit"), Some("enforce")]);
    assert_eq!(audited[1].conditions, [cond(1).negate()]);
    let both = parts_by_action(&rule(vec![
        action(Effect::Audit, Some(cond(1))),
        action(Effect::Enforce, Some(cond(2))),
        action(Effect::Audit, None),
        action(Effect::Enforce, None),
    ]));
    assert_eq!(both.len(), 3);
    assert_eq!(both[1].conditions, [cond(1).negate(), cond(2)]);
    assert_eq!(both[2].conditions, [cond(1).negate(), cond(2).negate()]);
}
