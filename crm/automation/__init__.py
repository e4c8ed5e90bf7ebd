"""Workflows: what starts them, the steps they walk a contact through, and the engine that does the walking.

Owns `automation_workflows`, `automation_versions`, `automation_steps`, `automation_enrollments`, `automation_step_logs`.
Emits sequence_started, sequence_completed, and through other features' operations whatever its steps do.
Hears every activity that a trigger or a waiting step names.

A step type decides (`steps`), the engine applies (`engine`, `effects`, `record`). Public: `documents` (workflows as JSON),
`enrolling` (enroll, and ending runs), `lint`, `types` (every trigger and step type).
"""
