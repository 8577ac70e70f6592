"""Every page of the administrators' web, noun by noun."""

from django.urls import path

from webadmin.views import audit, domains, messages, queue, sessions, start

app_name = "webadmin"
urlpatterns = [
    path("", start.Start.as_view(), name="start"),
    path("domains", domains.Domains.as_view(), name="domains"),
    path("domains/add", domains.AddDomain.as_view(), name="domain-add"),
    path("domains/<str:name>", domains.DomainSettings.as_view(), name="domain"),
    path("domains/<str:name>/limits", domains.DomainLimits.as_view(), name="domain-limits"),
    path("domains/<str:name>/administrators", domains.DomainAdministrators.as_view(), name="domain-administrators"),
    path("domains/<str:name>/administrators/dismiss", domains.DismissAdministrator.as_view(), name="domain-dismiss"),
    path("domains/<str:name>/enable", domains.EnableDomain.as_view(), name="domain-enable"),
    path("domains/<str:name>/remove", domains.RemoveDomain.as_view(), name="domain-remove"),
    path("queue", queue.Queue.as_view(), name="queue"),
    path("queue/act", queue.Act.as_view(), name="queue-act"),
    path("queue/delete", queue.DeleteItems.as_view(), name="queue-delete"),
    path("messages", messages.Messages.as_view(), name="messages"),
    path("messages/<str:trace_id>", messages.Message.as_view(), name="message"),
    path("sessions", sessions.Sessions.as_view(), name="sessions"),
    path("sessions/end", sessions.EndSessions.as_view(), name="sessions-end"),
    path("log", audit.Audit.as_view(), name="audit"),
]
