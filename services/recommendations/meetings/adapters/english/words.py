"""English words by what they do in a sentence about something to be done."""

from services.recommendations.meetings.adapters.sentences import words

VERBS = words(
    """
    add analyse analyze approve arrange ask assign book bring build buy calculate call cancel change
    check choose clarify clean close collect compare complete configure confirm contact coordinate
    create cut define deliver deploy design document draft email escalate estimate extend file fill
    finalise finalize find finish fix follow forward gather get give handle hire implement improve
    inform install investigate invite invoice launch lead log look make merge message migrate
    monitor move notify onboard order organise organize outline own pay ping plan post prepare
    present print provide publish pull put reach record redo refactor register release remind remove
    renew replace report research reserve resolve review revise rewrite run schedule send set share
    ship sign sort speak submit summarise summarize sync take talk test train translate update
    upload verify write
    """
)
"""What people are asked to do."""
OF_THE_MEETING = words(
    """
    be have say start begin go admit explain tell show leave let wait see think try stop repeat
    mention note pass hand know understand remember keep discuss talk decide continue hear imagine
    hope wrap circle assume focus agree argue do not come like love need want get look meet chat
    stay use consider ask add answer mean jump turn join just believe find feel
    """
)
"""Said in a meeting, these verbs are about the meeting: they make a task only with a day."""
WEAK = words("get look ask add find do talk meet use discuss")
"""Of these, what makes a task of others all the same where somebody is asked for it."""
VAGUE = words("take do handle own get write")
"""Verbs that mean what was said before."""
NOT_NAMES = words(
    """
    ok okay so well yes no great right thanks sure fine also now then hi hello actually anyway and
    but good perfect first second third next finally today tomorrow please maybe agreed morning
    everyone team guys folks all yeah yep cool nice i you they she this that there what who someone
    somebody nobody everybody let legal
    """
)
"""Capitalised at the start, but nobody."""
DROPPED = words("me us please then also too")
EMPTY = words(
    """
    it that this them those these the a an one to for of on in at by with from up out care so now
    and about our your my his her their there some any all
    """
)
"""Without a thing of their own."""
