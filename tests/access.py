"""Who may call which RPC: one table for all of them."""

from google.protobuf.descriptor import MethodDescriptor

OPERATOR, ADMIN, SERVICE, INTERNAL = "operator", "admin", "service", "internal"
USERS = {OPERATOR, ADMIN}
ANYONE = {OPERATOR, ADMIN, SERVICE, INTERNAL, "nobody"}

RULES: dict[str, dict[str, set[str]]] = {
    "potok.analysis.v1.AnalysisService": {
        "GetAnalysis": USERS,
        "GetAnalyses": {INTERNAL},
        "ListAnalyses": USERS,
        "JudgeDialogue": USERS,
        "GetRunUsage": USERS,
    },
    "potok.analysis.v1.MeetingAnalysisService": {"GetMeetingAnalysis": {*USERS, INTERNAL}},
    "potok.bot_status.v1.BotStatusService": {
        "StartBot": {INTERNAL},
        "StopBot": {INTERNAL},
        "ObserveBot": {INTERNAL},
        "KeepMedia": {INTERNAL},
        "ListObservations": {INTERNAL},
        "GetMeeting": {INTERNAL},
        "ReadRecording": {INTERNAL},
    },
    "potok.bot_status.v1.WebhookService": {"ReceiveWebhook": ANYONE},
    "potok.call_sync.v1.AccountService": {
        "AddAccount": {ADMIN},
        "GetAccount": {ADMIN},
        "ListAccounts": {ADMIN},
        "CheckAccount": {ADMIN},
        "ResumeAccount": {ADMIN},
        "DeleteAccount": {ADMIN},
    },
    "potok.call_sync.v1.CallSyncService": {"GetCalls": {INTERNAL}, "ReadRecording": {INTERNAL}},
    "potok.coordinator.v1.BotReportService": {"ReportBots": {INTERNAL}},
    "potok.coordinator.v1.BotService": {
        "TriggerBot": USERS,
        "GetBotStatus": USERS,
        "UpdateBotStatus": {SERVICE},
        "CreateTasksFromAudio": {SERVICE},
        "ListBots": USERS,
        "StopBot": USERS,
        "ListBotObservations": USERS,
    },
    "potok.coordinator.v1.CoordinatorService": {
        "SetClient": {ADMIN},
        "GetClient": USERS,
        "ListClients": USERS,
        "StartRun": USERS,
        "PreviewRun": USERS,
        "RetryFailed": USERS,
        "CancelRun": USERS,
        "GetRun": USERS,
        "ListRuns": USERS,
        "ListAuditEntries": USERS,
        "ListItems": USERS,
        "GetRangeStatus": USERS,
        "GetLedger": USERS,
        "ReportStatus": {INTERNAL},
        "ListRejectedReports": {ADMIN},
        "AdvanceEpoch": {ADMIN},
        "WatchStatus": USERS,
    },
    "potok.coordinator.v1.DateRangeService": {
        "SyncCalls": USERS,
        "TranscribeCalls": USERS,
        "AnalyzeCalls": USERS,
        "AnalyzeRecommendations": USERS,
        "GetTranscriptionStatus": USERS,
        "GetAnalysisStatus": USERS,
        "GetRecommendationsStatus": USERS,
    },
    "potok.coordinator.v1.SessionService": {
        "CreateSession": {*USERS, SERVICE},
        "GetSession": {*USERS, SERVICE},
        "DeleteSession": ANYONE,
    },
    "potok.coordinator.v1.WatchEventsService": {"WatchEvents": USERS},
    "potok.recommendations.v1.MeetingTasksService": {"GetMeetingTasks": {*USERS, INTERNAL}},
    "potok.recommendations.v1.RecommendationsService": {
        "GetRangeReport": USERS,
        "ListRecommendations": USERS,
        "CloseRecommendation": USERS,
        "ReopenRecommendation": USERS,
        "ListRecommendationAudit": USERS,
        "CountReportedCalls": USERS,
    },
    "potok.stage.v1.StageService": {
        "RunStage": {INTERNAL},
        "CancelStage": {INTERNAL},
        "ListItems": {INTERNAL},
        "PreviewStage": {INTERNAL},
        "CheckSettings": {INTERNAL},
    },
    "potok.transcription.v1.TranscriptionService": {
        "GetTranscript": USERS,
        "GetTranscripts": {INTERNAL},
        "ExportTranscript": USERS,
    },
}
"""Who may call what: the second word on it beside the option `roles` of the protos, so that neither changes alone."""


def path_of(method: MethodDescriptor) -> str:
    """Return the path of gRPC."""
    return f"/{method.containing_service.full_name}/{method.name}"


def rule_of(method: MethodDescriptor) -> set[str]:
    """Return who may call an RPC: nobody where there is no rule, which a unit test names."""
    return RULES.get(method.containing_service.full_name, {}).get(method.name, set())
