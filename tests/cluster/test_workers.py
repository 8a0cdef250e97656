"""The kill rounds of `make test-kills`, on the cluster: workers killed in every phase of a send."""

from tests.kills.test_kills import (
    pytestmark as pytestmark,
)
from tests.kills.test_kills import (
    test_a_kill_leaves_one_message_and_one_end as test_a_kill_leaves_one_message_and_one_end,
)
from tests.kills.test_kills import (
    test_every_step_is_paid_for_once as test_every_step_is_paid_for_once,
)
from tests.kills.test_kills import (
    test_kills_at_any_moment_hit_what_they_may as test_kills_at_any_moment_hit_what_they_may,
)
